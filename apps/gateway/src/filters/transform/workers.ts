import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Closable } from '../../plugin.ts';
import { READY } from './task.ts';
import type { FailureKind, TransformResult, TransformTask } from './task.ts';

/** More tasks than this do not wait. */
const MAX_QUEUE = 1_000;
/** A task that waited longer for a process is refused. */
const MAX_WAIT_MS = 1_000;
/** The same while the first one is still starting. */
const MAX_START_MS = 10_000;
/** The first process starts after it, so that a check of a configuration starts none. */
const WARM_UP_MS = 250;
/** One that had nothing to do for so long ends, unless it is the last. */
const IDLE_MS = 60_000;
/** jsonata ends most of what takes too long by itself; past this the process is killed. */
const GRACE_MS = 50;
/** Past it the process ends. A thread would not do: one large allocation ends the gateway with it. */
const MAX_HEAP_MB = 96;

// A bundle is one folder of files; see tools/src/build-app.ts.
const program = import.meta.url.endsWith('.ts')
  ? '../../transform-worker.ts'
  : './transform-worker.js';
const PROGRAM = fileURLToPath(new URL(program, import.meta.url));

/** Why a body was not transformed. */
export class TransformFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, reason: string) {
    super(reason);
    this.kind = kind;
  }
}

interface Job {
  readonly task: TransformTask;
  /** Ends the wait for a process. */
  readonly timer: NodeJS.Timeout;
  resolve(output: Buffer): void;
  reject(failure: TransformFailure): void;
}

/**
 * Up to `size` processes that transform bodies, each one at a time. They start as they are needed, the
 * first a moment after this is made; those that have nothing to do end, but for the last.
 */
export class TransformWorkers implements Closable {
  readonly #size: number;
  readonly #idleMs: number;
  readonly #warmUp: NodeJS.Timeout;
  readonly #workers = new Set<Worker>();
  /** In the order in which they came. */
  readonly #queue = new Set<Job>();
  #closed = false;

  constructor(size: number, { idleMs = IDLE_MS } = {}) {
    this.#size = size;
    this.#idleMs = idleMs;
    this.#warmUp = setTimeout(() => {
      if (this.#workers.size === 0) this.#start();
    }, WARM_UP_MS);
    this.#warmUp.unref();
  }

  /** Their ids. */
  get processes(): readonly number[] {
    return [...this.#workers].flatMap(({ pid }) => pid ?? []);
  }

  /** @throws TransformFailure (rejections). */
  run(task: TransformTask): Promise<Buffer> {
    if (this.#closed || this.#queue.size >= MAX_QUEUE) {
      return Promise.reject(new TransformFailure('busy', 'too many bodies wait to be transformed'));
    }
    return new Promise((resolve, reject) => {
      const started = [...this.#workers].some((worker) => worker.started);
      const longestMs = started ? MAX_WAIT_MS : MAX_START_MS;
      const timer = setTimeout(() => {
        this.#queue.delete(job);
        reject(new TransformFailure('busy', `no process was free for ${longestMs} ms`));
      }, longestMs);
      const job: Job = { task, timer, resolve, reject };
      this.#queue.add(job);
      this.#dispatch();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#warmUp);
    for (const worker of this.#workers) worker.kill();
    this.#refuseAll('the gateway closes');
  }

  #dispatch(): void {
    for (const job of this.#queue) {
      const idle = this.#idle();
      if (idle === undefined) {
        if (this.#workers.size < this.#size && !this.#closed) this.#start();
        return;
      }
      clearTimeout(job.timer);
      this.#queue.delete(job);
      idle.give(job);
    }
  }

  #idle(): Worker | undefined {
    for (const worker of this.#workers) if (worker.idle) return worker;
    return undefined;
  }

  #start(): void {
    const worker: Worker = new Worker(this.#idleMs, {
      onFree: () => this.#dispatch(),
      onIdle: () => this.#workers.size > 1 && this.#workers.delete(worker),
      onGone: (started) => {
        this.#workers.delete(worker);
        // One that cannot even start is not tried again and again: the next task does.
        if (!started) this.#refuseAll('no process for transforming could be started');
        else if (this.#workers.size === 0 && !this.#closed) this.#start();
        this.#dispatch();
      },
    });
    this.#workers.add(worker);
  }

  #refuseAll(reason: string): void {
    for (const job of this.#queue) {
      clearTimeout(job.timer);
      job.reject(new TransformFailure('busy', reason));
    }
    this.#queue.clear();
  }
}

interface WorkerListener {
  onFree(): void;
  /** It had nothing to do for long; whether it is to end. */
  onIdle(): boolean;
  onGone(started: boolean): void;
}

/** One process. */
class Worker {
  readonly #child: ChildProcess;
  readonly #listener: WorkerListener;
  readonly #idle: NodeJS.Timeout;
  #ready = false;
  /** Whether it has ever been ready. */
  started = false;
  #gone = false;
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(idleMs: number, listener: WorkerListener) {
    this.#listener = listener;
    this.#idle = setTimeout(() => {
      if (this.#job === undefined && listener.onIdle()) this.kill();
      else this.#idle.refresh();
    }, idleMs);
    this.#idle.unref();
    this.#child = fork(PROGRAM, {
      execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`, '--disable-warning=ExperimentalWarning'],
      // It needs no secret of the gateway's, and says nothing of its own.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (message) => this.#onMessage(message as TransformResult | string));
    this.#child.once('exit', () => this.#onGone());
    // Of a process that could not be started, or was gone before its task was written; both may come.
    this.#child.on('error', () => this.#onGone());
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get idle(): boolean {
    return this.#ready && this.#job === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  give(job: Job): void {
    this.#job = job;
    this.#idle.refresh();
    this.#timer = setTimeout(() => {
      this.#finish()?.reject(tooSlow(job.task));
      this.kill();
    }, job.task.timeoutMs + GRACE_MS);
    this.#child.send(job.task);
  }

  kill(): void {
    this.#ready = false;
    clearTimeout(this.#idle);
    this.#child.kill('SIGKILL');
  }

  #onMessage(message: TransformResult | string): void {
    if (message === READY) {
      this.#ready = true;
      this.started = true;
    } else {
      const job = this.#finish();
      const result = message as TransformResult;
      if ('output' in result) job?.resolve(asBuffer(result.output));
      else job?.reject(new TransformFailure(result.failure, result.reason));
    }
    this.#listener.onFree();
  }

  #onGone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.kill();
    const job = this.#finish();
    job?.reject(new TransformFailure('memory', `the expression needs more than ${MAX_HEAP_MB} MB`));
    this.#listener.onGone(this.started);
  }

  #finish(): Job | undefined {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
    return job;
  }
}

function tooSlow({ timeoutMs }: TransformTask): TransformFailure {
  return new TransformFailure('time', `the expression took more than ${timeoutMs} ms`);
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
