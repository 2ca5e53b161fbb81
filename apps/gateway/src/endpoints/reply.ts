import type { Answer } from '../exchange/answer.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { answerWriter, jsonTemplate, textTemplate } from '../template/answer-writer.ts';
import type { AnswerTemplates } from '../template/answer-writer.ts';
import { headerTemplates } from '../template/headers.ts';
import { jsonWriter } from '../template/json.ts';
import type { Scope } from '../template/placeholder.ts';
import { RequestValues } from '../template/request-values.ts';

/** Answers what the configuration says, and asks nobody. */
export const reply: EndpointDefinition<AnswerTemplates> = {
  name: 'reply',
  options: {
    type: 'object',
    description:
      'Answers what is written here. Text, JSON and headers are templates of {path.name}, {query.name}, {headers.name}, {subject} and {requestId}.',
    properties: {
      status: {
        type: 'integer',
        minimum: 200,
        maximum: 599,
        default: 200,
        description: 'The status.',
      },
      headers: headerTemplates,
      text: textTemplate,
      json: jsonTemplate,
    },
    additionalProperties: false,
  },
  create(options, { template, decision }) {
    const { status = 200 } = options;
    const scope: Scope = {
      sources: ['path', 'query', 'headers', 'subject', 'requestId'],
      parameters: template.parameters,
    };
    const { headers, body } = answerWriter(options, scope, jsonWriter);
    const count = decision('reply', 'replied');

    return (exchange): Answer => {
      const values = new RequestValues(exchange);
      const written: string[] = [];
      for (const { name, write } of headers) {
        const value = write(values);
        if (value !== undefined) written.push(name, value);
      }
      const answer = { status, headers: written, body: body?.(values) ?? null };
      count();
      return answer;
    };
  },
};
