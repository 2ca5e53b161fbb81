import { statSync } from 'node:fs';
import { Contract } from './contract.ts';
import { ContractFileError, readDocument } from './document.ts';

/** The contracts in use, by file: one that has not changed is not read again at a reload. */
export interface ContractStore {
  /** @throws ContractFileError when there is no contract in the file. */
  read(file: string): Contract;
}

export function createContractStore(): ContractStore {
  const known = new Map<string, { readonly version: string; readonly contract: Contract }>();
  return {
    read(file) {
      const version = versionOf(file);
      const before = known.get(file);
      if (before?.version === version) return before.contract;
      const contract = readContract(file);
      known.set(file, { version, contract });
      return contract;
    },
  };
}

function readContract(file: string): Contract {
  try {
    return new Contract(readDocument(file));
  } catch (error) {
    if (error instanceof TypeError) throw new ContractFileError(error.message, 1);
    throw error;
  }
}

function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}
