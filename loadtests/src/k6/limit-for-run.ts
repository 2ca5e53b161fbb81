/** Decides what is done about the limit per client before a load, and undoes it afterwards. */
import { clientAddresses } from './client-addresses.ts';
import { LoadError } from './failure.ts';
import { ADVICE, policyOf, raiseLimit } from './raise-limit.ts';
import { describePolicy, exceeds, perSecond, strictest, type RatePolicy } from './rate-limit.ts';
import type { EntryStack } from './stack.ts';

export interface LimitForRun {
  /** What held during the run, for the report. */
  readonly note: string;
  /** Client addresses for k6's `--local-ips`. */
  readonly localAddresses?: string;
  /** Resolves when the target is as it was. */
  restore(): Promise<void>;
}

export interface LoadPlan {
  readonly target: string;
  /** As the target announces it. */
  readonly announced: RatePolicy | undefined;
  /** Undefined when nobody knows before. */
  readonly requestsPerSecond: number | undefined;
  /** The stack that answers at the target, if it is one. */
  readonly stack: EntryStack | undefined;
  /** The load goes over the limit on purpose. */
  readonly keep: boolean;
  /** Tells what takes its time. */
  readonly say: (line: string) => void;
}

/** @throws LoadError when the limit would refuse a part of the load and cannot be raised. */
export async function limitForRun(plan: LoadPlan): Promise<LimitForRun> {
  const { target, requestsPerSecond, stack, keep, say } = plan;
  // The entry counts too, and does not say so.
  const behind = stack && policyOf(stack);
  const policy = strictest([plan.announced, behind].filter((one) => one !== undefined));
  const announced = describePolicy(policy);
  const restore = async () => {};
  if (policy === undefined || !exceeds(requestsPerSecond, policy)) {
    return { note: announced, restore };
  }
  if (keep) return { note: `${announced}; kept, though the load goes over it`, restore };

  if (stack !== undefined) {
    say(`The limit (${announced}) is raised for the run; the entry is away for some seconds.`);
    const raised = await raiseLimit(stack, portOf(target));
    return {
      note: `${announced}; ${raised.note}`,
      restore: async () => {
        say('The limit per client is put back.');
        await raised.restore();
      },
    };
  }
  const addresses = await clientAddresses(target, requestsPerSecond, perSecond(policy));
  if (addresses !== undefined) {
    return {
      note: `${announced}; kept, and the load comes from up to ${addresses.count} client addresses`,
      localAddresses: addresses.range,
      restore,
    };
  }
  const rate = requestsPerSecond === undefined ? 'This load' : `${requestsPerSecond} requests/s`;
  throw new LoadError(
    `${rate} would go over the limit of ${target}, ${announced}, which cannot be raised from here. ` +
      `Start the platform with ${ADVICE}, load it more slowly, or pass --keep-limit to see the limit at work.`,
  );
}

function portOf(target: string): number {
  const { port, protocol } = new URL(target);
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
