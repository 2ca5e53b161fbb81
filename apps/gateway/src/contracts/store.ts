import type { ReadFiles } from '../config/read-files.ts';
import type { Slices } from '../routing/slices.ts';
import { Contract } from './contract.ts';
import { ContractFileError, readDocument } from './document.ts';

/** The contracts in use, by file: one that has not changed is not made again at a reload. */
export interface ContractStore {
  /** @throws ContractFileError when there is no contract in the file (rejection). */
  read(file: string, context: ContractReadContext): Promise<Contract>;
}

export interface ContractReadContext {
  readonly files: ReadFiles;
  readonly slices: Slices;
}

export function createContractStore(): ContractStore {
  const known = new Map<string, { readonly text: string; readonly contract: Contract }>();
  return {
    async read(file, { files, slices }) {
      const text = await textOf(file, files);
      const before = known.get(file);
      if (before?.text === text) return before.contract;
      if (slices.over()) await slices.next();
      const contract = await contractOf(file, text, slices);
      known.set(file, { text, contract });
      return contract;
    },
  };
}

async function textOf(file: string, files: ReadFiles): Promise<string> {
  try {
    return await files.read(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ContractFileError(`cannot be read (${code}); name a file that is there`);
  }
}

async function contractOf(file: string, text: string, slices: Slices): Promise<Contract> {
  try {
    return new Contract(await readDocument(file, text, slices));
  } catch (error) {
    if (error instanceof TypeError) throw new ContractFileError(error.message, 1);
    throw error;
  }
}
