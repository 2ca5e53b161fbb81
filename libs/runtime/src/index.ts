export { backingConfig, processConfig } from './backing-config.ts';
export type { AppDependencies } from './dependencies.ts';
export { runApp } from './run-app.ts';
export type { BuiltApp, ProcessContext, ProcessSettings, RunAppOptions } from './run-app.ts';
export { runService } from './run-service.ts';
export type { RunServiceOptions } from './run-service.ts';
