import { randomBytes } from 'node:crypto';
import { readOrWait } from '@woodytoys/caching/parts';
import type { SecondLevel } from '@woodytoys/caching/parts';
import type { PurgePoint, StoredAnswer } from './stored.ts';

/** Which kept answers are not to be served any more. */
export type PurgeRule = { readonly prefix: string } | { readonly tag: string };

interface PurgeList extends PurgePoint {
  /** What was asked for before this purge is gone whatever it is: its rule is not listed any more. */
  readonly floor: number;
  readonly rules: readonly (PurgeRule & { readonly number: number })[];
}

const NAMESPACE = 'purges';
const ID = 'list';
const LIST_MS = 30 * 86_400_000;
const MOST_RULES = 500;
/** A purge on one replica is known to the others within this time. */
const FRESH_MS = 1_000;
/** To write the list takes a moment. */
const LONGEST_WAIT_MS = 2_000;

/**
 * Purges of many answers at once: a list of rules in the second level. An answer carries the number of
 * the last purge before it was asked for, so that a later rule finds it wherever it is kept, and also
 * one that was on its way. A list that is lost makes the cache cold, never wrong.
 */
export class Purges {
  readonly #level: SecondLevel;
  readonly #onChange: () => void;
  #list: PurgeList = { epoch: '', number: 0, floor: 0, rules: [] };
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  /** @param onChange called when there are purges that were not known before. */
  constructor(level: SecondLevel, onChange: () => void) {
    this.#level = level;
    this.#onChange = onChange;
  }

  /** The last purge that is known; what is asked for from now on is younger. */
  get point(): PurgePoint {
    return { epoch: this.#list.epoch, number: this.#list.number };
  }

  /** Learns of the purges of other replicas, at most once a second. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#readAt < FRESH_MS) return;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  covers({ purge, path, tags }: StoredAnswer): boolean {
    const { epoch, floor, rules } = this.#list;
    if (purge.epoch !== epoch || purge.number < floor) return true;
    return rules.some(
      (rule) =>
        rule.number > purge.number &&
        ('tag' in rule ? tags.includes(rule.tag) : path.startsWith(rule.prefix)),
    );
  }

  /** False when the second level could not be told. */
  async add(rule: PurgeRule): Promise<boolean> {
    const reading = await readOrWait(this.#level, NAMESPACE, ID, {
      staleMs: Number.MAX_SAFE_INTEGER,
      longestMs: LONGEST_WAIT_MS,
      enough: ({ lease }) => lease !== undefined,
    });
    if (reading === undefined || reading === 'waited in vain') return false;
    const list = parsed(reading.entry?.payload);
    const number = list.number + 1;
    const rules = [...list.rules, { ...rule, number }];
    const dropped = rules.length > MOST_RULES ? rules.splice(0, rules.length / 2) : [];
    const floor = dropped.at(-1)?.number ?? list.floor;
    return this.#write({ epoch: list.epoch, number, floor, rules }, reading.lease as string);
  }

  async #read(): Promise<void> {
    // When another replica is making the list, it is waited for: without it nothing can be compared.
    const waiting = { staleMs: 0, longestMs: LONGEST_WAIT_MS };
    const reading = await readOrWait(this.#level, NAMESPACE, ID, waiting);
    if (reading === undefined || reading === 'waited in vain') return;
    if (reading.entry !== undefined) this.#use(parsed(reading.entry.payload));
    else if (reading.lease !== undefined) await this.#write(parsed(undefined), reading.lease);
  }

  async #write(list: PurgeList, lease: string): Promise<boolean> {
    const payload = JSON.stringify(list);
    const outcome = await this.#level.fill(NAMESPACE, ID, lease, payload, LIST_MS);
    if (outcome !== 'filled') return false;
    this.#use(list);
    return true;
  }

  #use(list: PurgeList): void {
    this.#readAt = performance.now();
    const known = this.#list;
    // Of two readings under way the later may come first.
    if (list.epoch === known.epoch && list.number <= known.number) return;
    this.#list = list;
    // What was kept before the first list was read is of no epoch, and covered anyway.
    if (known.epoch !== '') this.#onChange();
  }
}

function parsed(payload: string | undefined): PurgeList {
  if (payload !== undefined) {
    try {
      return JSON.parse(payload) as PurgeList;
    } catch {
      // What nobody can read is as good as lost.
    }
  }
  return { epoch: randomBytes(9).toString('base64url'), number: 0, floor: 0, rules: [] };
}
