import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { escapePointer, pointerParts } from '@woodytoys/service';

/** A finished exchange, as a client saw it. */
export interface Exchange {
  /** Upper case. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | undefined;
  /** Parsed when it is JSON; `undefined` when there is none. */
  readonly body: unknown;
}

/** Throws when an answer is not one that the contract promises. */
export type ContractCheck = (exchange: Exchange) => void;

type Json = { readonly [key: string]: Json } & unknown;

/**
 * Compares answers with an OpenAPI 3.1 contract: the status has to be listed (or covered by
 * `default`), the content type too, and the body has to match its schema. What is asked of a path
 * or method outside the contract has to be answered by a problem.
 *
 * @param contractText the YAML of the contract.
 */
export function createContractCheck(contractText: string): ContractCheck {
  const contract = parse(contractText) as Json;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  // The package is CommonJS; its callable is the default export's default under Node's rules.
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema({ $id: 'contract:', ...contract });
  const validators = new Map<string, ValidateFunction>();

  function validate(pointer: string, { method, path, status, body }: Exchange): void {
    let validator = validators.get(pointer);
    if (validator === undefined) {
      validator = ajv.compile({ $ref: `contract:#${encodeURI(pointer)}` });
      validators.set(pointer, validator);
    }
    if (validator(body)) return;
    throw new Error(
      `${method} ${path} answered ${status} with a body that breaks the contract at ${pointer}: ` +
        `${ajv.errorsText(validator.errors)}; it was ${JSON.stringify(body)}`,
    );
  }

  return (exchange) => {
    const { method, path, status, contentType, body } = exchange;
    const template = templateOf(Object.keys(contract['paths'] ?? {}), path);
    const operation = contract['paths']?.[template ?? '']?.[method.toLowerCase()];
    if (template === undefined || operation === undefined) {
      if (status >= 400 && contentType === 'application/problem+json') return;
      throw new Error(`${method} ${path} is not in the contract, yet it answered ${status}`);
    }

    const responses = operation['responses'];
    const listed = responses?.[status] ? String(status) : 'default';
    if (responses?.[listed] === undefined) {
      throw new Error(`${method} ${template} answered ${status}, which the contract does not list`);
    }
    const place = follow(contract, ['paths', template, method.toLowerCase(), 'responses', listed]);
    const content = at(contract, place)?.['content'];
    if (content === undefined) {
      if (body === undefined) return;
      throw new Error(`${method} ${template} answered ${status} with a body; it has to have none`);
    }
    if (contentType === undefined || content[contentType] === undefined) {
      throw new Error(
        `${method} ${template} answered ${status} as ${contentType ?? 'nothing'}; the contract ` +
          `promises ${Object.keys(content).join(' or ')}`,
      );
    }
    if (!contentType.endsWith('json')) return;
    validate(pointerOf([...place, 'content', contentType, 'schema']), exchange);
  };
}

/** The template that a path fits; of several, the one that leaves the least to parameters. */
function templateOf(templates: readonly string[], path: string): string | undefined {
  const literals = (template: string) => template.split(/\{[^}]+\}/);
  return templates
    .filter((template) => {
      const escaped = literals(template).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return new RegExp(`^${escaped.join('[^/]+')}$`).test(path);
    })
    .toSorted((a, b) => literals(b).join('').length - literals(a).join('').length)
    .at(0);
}

/** The place itself, or the one that its `$ref` names. */
function follow(contract: Json, place: readonly string[]): readonly string[] {
  const reference = at(contract, place)?.['$ref'] as string | undefined;
  if (reference === undefined) return place;
  return pointerParts(reference.slice(1));
}

function at(contract: Json, place: readonly string[]): Json | undefined {
  return place.reduce<Json | undefined>((value, key) => value?.[key], contract);
}

function pointerOf(place: readonly string[]): string {
  return place.map((part) => `/${escapePointer(part)}`).join('');
}
