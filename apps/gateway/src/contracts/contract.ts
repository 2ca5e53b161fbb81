import findMyWay from 'find-my-way';
import { pathNames, pathShape, readOperations } from './operations.ts';
import type { Operation } from './operations.ts';
import { createAnswerValidator } from './answer-validator.ts';
import type { Drift, SampledAnswer } from './answer-validator.ts';
import { createCallValidator } from './call-validator.ts';
import type { CallValidator } from './call-validator.ts';
import type { ContractDocument } from './document.ts';
import { createParameterReader } from './parameters.ts';
import type { ReadParameters } from './parameters.ts';
import { createSchemas } from './schemas.ts';
import type { Schemas } from './schemas.ts';

/** An operation that a path was found for, with the values of its parameters. */
export interface FoundOperation {
  readonly operation: Operation;
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

type AnswerValidator = (answer: SampledAnswer) => Drift | undefined;

/** An upstream's operations, and what checks calls of them; never changed after it is made. */
export class Contract {
  readonly document: ContractDocument;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly schemas: Schemas;
  readonly #readParameters: ReadParameters;
  readonly #byShape = new Map<string, Operation>();
  readonly #validators = new Map<Operation, CallValidator>();
  readonly #answerValidators = new Map<Operation, AnswerValidator>();
  #router: ReturnType<typeof findMyWay> | undefined;

  /** @throws TypeError for two operations of one id, or a reference that leads nowhere. */
  constructor(document: ContractDocument) {
    this.document = document;
    this.schemas = createSchemas(document.root);
    this.#readParameters = createParameterReader(document);
    const operations = new Map<string, Operation>();
    for (const operation of readOperations(document)) {
      const { id, method, path } = operation;
      if (operations.has(id)) throw new TypeError(`the operationId "${id}" is there twice`);
      operations.set(id, operation);
      this.#byShape.set(`${method} ${pathShape(path)}`, operation);
    }
    this.operations = operations;
  }

  /** The operation of a method and a path template, whatever its parameters are called. */
  ofTemplate(method: string, template: string): Operation | undefined {
    const shape = pathShape(template);
    const operation = this.#byShape.get(`${method} ${shape}`);
    return operation ?? (method === 'HEAD' ? this.#byShape.get(`GET ${shape}`) : undefined);
  }

  /** The operation that a path is a call of; a radix tree, made on first use. */
  ofPath(method: string, path: string): FoundOperation | undefined {
    this.#router ??= this.#createRouter();
    const found = this.#router.find('GET', path);
    const byMethod = found?.store as Map<string, Operation> | null | undefined;
    const operation =
      byMethod?.get(method) ?? (method === 'HEAD' ? byMethod?.get('GET') : undefined);
    if (operation === undefined || found === null) return undefined;
    const names = pathNames(operation.path);
    const values = names.map((name, index) => [name, found.params[`p${index}`]]);
    return { operation, parameters: Object.fromEntries(values) };
  }

  /**
   * What checks calls of an operation, the same for every route that asks.
   * @throws TypeError for a parameter that cannot be read.
   */
  validatorOf(operation: Operation): CallValidator {
    let validator = this.#validators.get(operation);
    if (validator === undefined) {
      validator = createCallValidator(this.document, operation, this.schemas, this.#readParameters);
      this.#validators.set(operation, validator);
    }
    return validator;
  }

  /** What checks answers of an operation. */
  answerValidatorOf(operation: Operation): AnswerValidator {
    let validator = this.#answerValidators.get(operation);
    if (validator === undefined) {
      validator = createAnswerValidator(this.document, operation, this.schemas);
      this.#answerValidators.set(operation, validator);
    }
    return validator;
  }

  #createRouter(): ReturnType<typeof findMyWay> {
    const router = findMyWay({ caseSensitive: true, onBadUrl: noop, querystringParser: noop });
    const byPattern = new Map<string, Map<string, Operation>>();
    for (const operation of this.operations.values()) {
      const pattern = routerPattern(operation.path);
      let byMethod = byPattern.get(pattern);
      if (byMethod === undefined) {
        byPattern.set(pattern, (byMethod = new Map()));
        router.on('GET', pattern, noop, byMethod);
      }
      byMethod.set(operation.method, operation);
    }
    return router;
  }
}

/** A path as find-my-way writes it, its parameters by their places: their names may be any text. */
function routerPattern(path: string): string {
  let place = 0;
  return path.replaceAll(':', '::').replaceAll(/\{[^}]*\}/g, () => `:p${place++}`);
}

/** The router only finds: what is found is in its store. */
function noop(): Record<string, string> {
  return {};
}
