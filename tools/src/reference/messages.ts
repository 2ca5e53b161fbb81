import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import type { AppFolder } from './apps.ts';

/** What a service puts into its outbox. */
export interface PublishedMessage {
  readonly app: string;
  readonly exchange: string;
  readonly routingKey: string;
  /** The name of a type in `types`, or the type itself. */
  readonly body: string;
  readonly mandatory: boolean;
}

export interface PublishedMessages {
  /** By exchange and routing key. */
  readonly messages: readonly PublishedMessage[];
  /** The source of every type that a body names, with its comments. */
  readonly types: readonly string[];
}

/**
 * Reads the messages out of the code that makes them: every function that is declared to return a
 * `NewOutboxMessage`. The type checker knows the text of the exchange and the routing key, and the
 * type of the body, so nothing has to be written down a second time.
 *
 * @throws when such a function does not return one object literal with texts that the types know.
 */
export function publishedMessages(root: string, apps: readonly AppFolder[]): PublishedMessages {
  const sources = apps.flatMap(({ path }) =>
    globSync('src/**/*.ts', { cwd: path })
      .map((file) => join(path, file))
      .filter((file) => readFileSync(file, 'utf8').includes('NewOutboxMessage')),
  );
  const program = ts.createProgram(sources, compilerOptions(root));
  const reader = createReader(root, program.getTypeChecker());
  const messages = sources.flatMap((file) => {
    const source = program.getSourceFile(file);
    const app = apps.find(({ path }) => file.startsWith(join(path, '/')));
    if (source === undefined || app === undefined) return [];
    return makersOf(source).flatMap((maker) =>
      reader.read(maker).map((message) => ({ app: app.name, ...message })),
    );
  });
  return {
    messages: messages.toSorted((a, b) =>
      `${a.exchange} ${a.routingKey}`.localeCompare(`${b.exchange} ${b.routingKey}`, 'en'),
    ),
    types: [...reader.types]
      .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
      .map(([, text]) => text),
  };
}

function compilerOptions(root: string): ts.CompilerOptions {
  const file = join(root, 'tsconfig.base.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return { ...options, composite: false, noEmit: true };
}

function makersOf(source: ts.SourceFile): ts.FunctionDeclaration[] {
  return source.statements.filter(
    (statement): statement is ts.FunctionDeclaration =>
      ts.isFunctionDeclaration(statement) && statement.type?.getText(source) === 'NewOutboxMessage',
  );
}

function createReader(root: string, checker: ts.TypeChecker) {
  const types = new Map<string, string>();

  /** The name of the body's type; it and what it is made of are kept, unless it has no name. */
  function nameOf(type: ts.Type): string {
    keep(type);
    return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  }

  function keep(type: ts.Type): void {
    const declaration = type.symbol?.declarations?.find(ts.isInterfaceDeclaration);
    if (checker.isArrayType(type)) {
      for (const argument of checker.getTypeArguments(type as ts.TypeReference)) keep(argument);
    } else if (type.isUnion()) {
      type.types.forEach(keep);
    } else if (declaration === undefined || isOurs(declaration)) {
      if (declaration !== undefined) {
        if (types.has(type.symbol.name)) return;
        types.set(type.symbol.name, textOf(declaration));
      }
      if ((type.flags & ts.TypeFlags.Object) === 0) return;
      for (const property of type.getProperties()) keep(checker.getTypeOfSymbol(property));
    }
  }

  const isOurs = (node: ts.Node) => node.getSourceFile().fileName.startsWith(join(root, 'apps/'));

  return {
    types,

    read(maker: ts.FunctionDeclaration): Omit<PublishedMessage, 'app'>[] {
      const place = `${relative(root, maker.getSourceFile().fileName)}: ${maker.name?.text}()`;
      const message = returnedObject(maker);
      if (message === undefined) {
        throw new Error(
          `${place} returns a NewOutboxMessage; expected one "return { … }", so that the reference can read it`,
        );
      }
      const typeOf = (name: string): ts.Type | undefined => {
        const property = checker.getTypeAtLocation(message).getProperty(name);
        const initial = property?.valueDeclaration;
        if (property === undefined || initial === undefined) return undefined;
        // The object's own type has widened its texts to `string`; those of its parts have not.
        if (ts.isPropertyAssignment(initial)) return checker.getTypeAtLocation(initial.initializer);
        if (ts.isShorthandPropertyAssignment(initial)) {
          const variable = checker.getShorthandAssignmentValueSymbol(initial);
          return variable && checker.getTypeOfSymbol(variable);
        }
        return checker.getTypeOfSymbol(property);
      };
      const textsOf = (name: string): string[] => {
        const type = typeOf(name);
        const parts = type?.isUnion() ? type.types : type ? [type] : [];
        if (parts.length > 0 && parts.every((part) => part.isStringLiteral())) {
          return parts.map((part) => (part as ts.StringLiteralType).value);
        }
        throw new Error(
          `${place}: the types do not tell the text of "${name}"; write it as a literal, or as a const`,
        );
      };
      const body = typeOf('body');
      if (body === undefined) throw new Error(`${place} has no body; {} is an empty one`);
      const bodyName = nameOf(body);
      const mandatory = typeOf('mandatory');
      return textsOf('exchange').flatMap((exchange) =>
        textsOf('routingKey').map((routingKey) => ({
          exchange,
          routingKey,
          body: bodyName,
          mandatory: mandatory !== undefined && checker.typeToString(mandatory) === 'true',
        })),
      );
    },
  };
}

function returnedObject(maker: ts.FunctionDeclaration): ts.ObjectLiteralExpression | undefined {
  const returns = maker.body?.statements.filter(ts.isReturnStatement) ?? [];
  const [expression] = returns.map((statement) => statement.expression);
  return returns.length === 1 &&
    expression !== undefined &&
    ts.isObjectLiteralExpression(expression)
    ? expression
    : undefined;
}

/** The declaration with its comment, without `export`. */
function textOf(declaration: ts.InterfaceDeclaration): string {
  const source = declaration.getSourceFile();
  const text = source.text.slice(declaration.getStart(source, true), declaration.getEnd());
  return text.replace(/^export /m, '');
}
