import { METHODS } from '../../config/schema.ts';
import { isObject, objectAt } from '../document.ts';
import type { JsonObject } from '../document.ts';
import { Html, html, prose } from './html.ts';
import { operationId, operationView } from './operation-view.ts';
import type { PageOperation } from './operation-view.ts';
import { schemaId, schemaView } from './schema-view.ts';
import { style } from './style.ts';

/** Made by hand: its text must be the one whose hash the policy names. */
const STYLE = new Html(`<style>${style}</style>`);

/** A merged contract as one page, by its tags. `openapi` is where it is to be had as JSON. */
export function contractPage(root: JsonObject, openapi: string | undefined): string {
  const info = objectAt(root, 'info');
  const operations = operationsOf(root);
  const groups = groupsOf(root, operations);
  const schemas = Object.entries(objectAt(objectAt(root, 'components'), 'schemas')).toSorted(
    ([one], [other]) => (one < other ? -1 : 1),
  );
  const servers = ((root['servers'] ?? []) as readonly JsonObject[]).map(({ url }) => String(url));
  const title = String(info['title'] ?? '');
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${STYLE}
      </head>
      <body>
        <a class="skip" href="#top">Skip to the operations</a>
        <nav aria-label="Operations">
          <p class="title"><a href="#top">${title}</a></p>
          ${groups.map(
            ({ name, operations: own }) =>
              html`<details open>
                <summary>${name}</summary>
                <ul>
                  ${own.map(
                    ({ id, method, path }) =>
                      html`<li>
                        <a href="#${encodeURIComponent(operationId(id))}"
                          ><span class="method ${method.toLowerCase()}">${method}</span>
                          <span class="path">${path}</span></a
                        >
                      </li>`,
                  )}
                </ul>
              </details>`,
          )}
          ${schemas.length > 0 ? html`<p><a href="#schemas">Schemas</a></p>` : undefined}
        </nav>
        <main id="top">
          <header>
            <h1>${title} <span class="note">${String(info['version'] ?? '')}</span></h1>
            ${prose(info['description'])}
            <p class="note">
              ${operations.length}
              ${operations.length === 1 ? 'operation' : 'operations'}${
                openapi === undefined ? undefined : html` · <a href="${openapi}">OpenAPI 3.1</a>`
              }
            </p>
            ${servers.length > 0 ? html`<p class="note">Served at ${servers.map((url, index) => html`${index > 0 ? ', ' : ''}<code>${url}</code>`)}</p>` : undefined}
          </header>
          ${groups.map(
            ({ name, description, operations: own }) =>
              html`<section class="group">
                <h2>${name}</h2>
                ${prose(description)} ${own.map((operation) => operationView(root, operation))}
              </section>`,
          )}
          ${
            schemas.length > 0
              ? html`<section class="group" id="schemas">
                  <h2>Schemas</h2>
                  ${schemas.map(
                    ([name, schema]) =>
                      html`<article id="${schemaId(name)}">
                        <h3><code>${name}</code></h3>
                        ${isObject(schema) ? prose(schema['description']) : undefined}${schemaView(schema)}
                      </article>`,
                  )}
                </section>`
              : undefined
          }
        </main>
      </body>
    </html> `.text;
}

interface Group {
  readonly name: string;
  readonly description: unknown;
  readonly operations: readonly PageOperation[];
}

function operationsOf(root: JsonObject): readonly PageOperation[] {
  return Object.entries(objectAt(root, 'paths')).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const value = isObject(item) ? item[method.toLowerCase()] : undefined;
      if (!isObject(value)) return [];
      return { method, path, id: String(value['operationId']), value };
    }),
  );
}

/** Operations by their first tag, in the order of the contract's tags. */
function groupsOf(root: JsonObject, operations: readonly PageOperation[]): readonly Group[] {
  const byTag = Map.groupBy(operations, ({ value }) => String((value['tags'] as unknown[])[0]));
  const tags = (root['tags'] ?? []) as readonly JsonObject[];
  return tags.flatMap((tag) => {
    const own = byTag.get(String(tag['name']));
    return own
      ? { name: String(tag['name']), description: tag['description'], operations: own }
      : [];
  });
}
