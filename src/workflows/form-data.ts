import { z } from 'zod';
import { refusal } from '../errors.js';

/**
 * What is wrong with the data of a document under its form's JSON Schema; a form without one takes any data.
 * @throws INVALID_DEFINITION when the schema itself cannot be read
 */
export function faultsOfFormData(
  schema: Readonly<Record<string, unknown>> | null,
  data: unknown,
): { readonly path: string; readonly rule: string }[] {
  if (schema === null) return [];
  const parsed = compiled(schema).safeParse(data);
  return parsed.success
    ? []
    : parsed.error.issues.map((issue) => ({ path: ['data', ...issue.path].join('.'), rule: issue.message }));
}

function compiled(schema: Readonly<Record<string, unknown>>): z.ZodType {
  try {
    return z.fromJSONSchema(schema);
  } catch (error) {
    throw refusal('INVALID_DEFINITION', {
      reason: `form schema: ${error instanceof Error ? error.message : 'not readable'}`,
    });
  }
}
