import { isObject, objectAt } from '../document.ts';
import type { JsonObject } from '../document.ts';
import { locate } from '../reference.ts';
import { html, prose, proseLine } from './html.ts';
import type { Html } from './html.ts';
import { schemaView } from './schema-view.ts';

/** One operation of the merged contract, with where it is. */
export interface PageOperation {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly value: JsonObject;
}

/** The id of an operation's place in the page. */
export function operationId(id: string): string {
  return `operation-${id}`;
}

/** An operation: what it is for, its parameters, its body and its answers. */
export function operationView(root: JsonObject, { method, path, id, value }: PageOperation): Html {
  const parameters = listOf(root, value['parameters']);
  const body = resolved(root, value['requestBody']);
  const answers = Object.entries(objectAt(value, 'responses'));
  return html`<article
    id="${operationId(id)}"
    ${value['deprecated'] === true ? html` class="deprecated"` : undefined}
  >
    <h3>
      <span class="method ${method.toLowerCase()}">${method}</span>
      <code class="path">${path}</code>
    </h3>
    <p class="summary">
      ${proseLine(value['summary'])}
      <a class="anchor" href="#${encodeURIComponent(operationId(id))}">${id}</a>
    </p>
    ${value['deprecated'] === true ? html`<p class="note">Deprecated.</p>` : undefined}
    ${prose(value['description'])} ${securityLine(value['security'])}
    ${parameters.length > 0 ? parameterTable(parameters) : undefined}
    ${
      body
        ? html`<section>
            <h4>
              Body${body['required'] === true ? html`<span class="required">required</span>` : undefined}
            </h4>
            ${prose(body['description'])}${contentView(root, body)}
          </section>`
        : undefined
    }
    ${
      answers.length > 0
        ? html`<section>
            <h4>Answers</h4>
            ${answers.map(([status, answer]) => answerView(root, status, answer))}
          </section>`
        : undefined
    }
  </article>`;
}

function parameterTable(parameters: readonly JsonObject[]): Html {
  return html`<section>
    <h4>Parameters</h4>
    <div class="scroll">
      <table class="fields">
        ${parameters.map(
          (parameter) =>
            html`<tr>
              <th scope="row">
                <code>${text(parameter['name'])}</code
                ><span class="note">${text(parameter['in'])}</span>${
                  parameter['required'] === true
                    ? html`<span class="required">required</span>`
                    : undefined
                }
              </th>
              <td>
                ${schemaView(parameter['schema'] ?? contentSchema(parameter))}${prose(parameter['description'])}
              </td>
            </tr>`,
        )}
      </table>
    </div>
  </section>`;
}

function contentSchema(parameter: JsonObject): unknown {
  const [media] = Object.values(objectAt(parameter, 'content'));
  return isObject(media) ? media['schema'] : {};
}

function answerView(root: JsonObject, status: string, source: unknown): Html {
  const answer = resolved(root, source);
  if (answer === undefined) return html``;
  const headers = Object.entries(objectAt(answer, 'headers'));
  const hasMore = headers.length > 0 || isObject(answer['content']);
  const line = html`<span class="status s${status.slice(0, 1)}">${status}</span>
    ${proseLine(answer['description'])}`;
  if (!hasMore) return html`<p class="answer">${line}</p>`;
  return html`<details${/^2/.test(status) ? html` open` : undefined}><summary>${line}</summary>
    ${
      headers.length > 0
        ? html`<div class="scroll">
            <table class="fields">
              ${headers.map(([name, header]) => {
                const value = resolved(root, header) ?? {};
                return html`<tr>
                  <th scope="row"><code>${name}</code><span class="note">header</span></th>
                  <td>${schemaView(value['schema'])}${prose(value['description'])}</td>
                </tr>`;
              })}
            </table>
          </div>`
        : undefined
    }
    ${contentView(root, answer)}
  </details>`;
}

function contentView(root: JsonObject, body: JsonObject): readonly Html[] {
  return Object.entries(objectAt(body, 'content')).map(([type, source]) => {
    const media = resolved(root, source) ?? {};
    return html`<div class="content">
      <span class="note">${type}</span> ${
        media['schema'] === undefined ? undefined : schemaView(media['schema'])
      }
    </div>`;
  });
}

function securityLine(security: unknown): Html | undefined {
  if (!Array.isArray(security) || security.length === 0) return undefined;
  const ways = security.map((one) => Object.keys(one as object).join(' and ') || 'nothing');
  return html`<p class="note">Needs ${ways.join(', or ')}.</p>`;
}

function listOf(root: JsonObject, list: unknown): JsonObject[] {
  if (!Array.isArray(list)) return [];
  return list.map((one) => resolved(root, one)).filter((one) => one !== undefined);
}

/** An object, or the component that it refers to. */
function resolved(root: JsonObject, value: unknown): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const { $ref: reference } = value;
  if (typeof reference !== 'string') return value;
  return locate(root, decodeURIComponent(reference.slice(1)))?.value;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
