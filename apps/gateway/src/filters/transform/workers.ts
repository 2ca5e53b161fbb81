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
  readonly queuedAt: number;
  resolve(output: Buffer): void;
  reject(failure: TransformFailure): void;
}

/** Up to `size` processes that transform bodies, each one at a time; the first starts at once. */
export class TransformWorkers implements Closable {
  readonly #size: number;
  readonly #workers = new Set<Worker>();
  readonly #queue: Job[] = [];
  #closed = false;

  constructor(size: number) {
    this.#size = size;
    this.#start();
  }

  /** @throws TransformFailure (rejections). */
  run(task: TransformTask): Promise<Buffer> {
    if (this.#closed || this.#queue.length >= MAX_QUEUE) {
      return Promise.reject(new TransformFailure('busy', 'too many bodies wait to be transformed'));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, queuedAt: performance.now(), resolve, reject });
      this.#dispatch();
    });
  }

  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) worker.kill();
    this.#refuseAll('the gateway closes');
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const idle = [...this.#workers].find((worker) => worker.idle);
      if (idle === undefined) {
        if (this.#workers.size < this.#size && !this.#closed) this.#start();
        return;
      }
      const job = this.#queue.shift() as Job;
      if (performance.now() - job.queuedAt > MAX_WAIT_MS) {
        job.reject(new TransformFailure('busy', `no process was free for ${MAX_WAIT_MS} ms`));
      } else {
        idle.give(job);
      }
    }
  }

  #start(): void {
    const worker: Worker = new Worker({
      onFree: () => this.#dispatch(),
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
    for (const job of this.#queue.splice(0)) job.reject(new TransformFailure('busy', reason));
  }
}

interface WorkerListener {
  onFree(): void;
  onGone(started: boolean): void;
}

/** One process. */
class Worker {
  readonly #child: ChildProcess;
  readonly #listener: WorkerListener;
  #ready = false;
  /** Whether it has ever been ready. */
  #started = false;
  #gone = false;
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: WorkerListener) {
    this.#listener = listener;
    this.#child = fork(PROGRAM, {
      execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`, '--disable-warning=ExperimentalWarning'],
      // It needs no secret of the gateway's, and says nothing of its own.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (message) => this.#onMessage(message as TransformResult | string));
    this.#child.once('exit', () => this.#onGone());
    // Of a process that could not be started, or was gone before its task was written.
    this.#child.once('error', () => this.#onGone());
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get idle(): boolean {
    return this.#ready && this.#job === undefined;
  }

  give(job: Job): void {
    this.#job = job;
    this.#timer = setTimeout(() => {
      this.#finish()?.reject(tooSlow(job.task));
      this.kill();
    }, job.task.timeoutMs + GRACE_MS);
    this.#child.send(job.task);
  }

  kill(): void {
    this.#ready = false;
    this.#child.kill('SIGKILL');
  }

  #onMessage(message: TransformResult | string): void {
    if (message === READY) {
      this.#ready = true;
      this.#started = true;
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
    this.#listener.onGone(this.#started);
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
