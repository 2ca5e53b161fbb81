/** Bare http-proxy-middleware on express, its connections to the backend kept open. */
import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [port, backendPort] = process.argv.slice(2);
const proxy = createProxyMiddleware({
  target: `http://127.0.0.1:${backendPort}`,
  agent: new Agent({ keepAlive: true }),
});
express().use(proxy).listen(Number(port), '127.0.0.1');
