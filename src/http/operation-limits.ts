import { costLimitRule } from '@escape.tech/graphql-armor-cost-limit';
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import {
  GraphQLError,
  Kind,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { refusal, type Refusal } from '../errors.js';
import {
  PAGE_DEFAULT,
  QUERY_MAX_ALIASES,
  QUERY_MAX_COST,
  QUERY_MAX_DEPTH,
  QUERY_MAX_DIRECTIVES,
} from '../limits.js';
import { CleanLiteralsRule } from './clean-text.js';
import { asGraphQLError, requestRefusal } from './refusal-of.js';

const tooComplex = (error: GraphQLError): GraphQLError =>
  asGraphQLError(refusal('QUERY_TOO_COMPLEX', { reason: error.message.replace(/^Syntax Error: /, '') }));

/** The rules report instead of throwing: a rule that throws ends a validation as a failure of the server. */
const REPORTING = {
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError) => context?.reportError(tooComplex(error)),
  ],
};

/** What is refused by the text of an operation alone, whatever its variables; run once per document. */
export const DOCUMENT_RULES = [
  maxDepthRule({ n: QUERY_MAX_DEPTH, ...REPORTING }),
  maxAliasesRule({ n: QUERY_MAX_ALIASES, allowList: [], ...REPORTING }),
  maxDirectivesRule({ n: QUERY_MAX_DIRECTIVES, ...REPORTING }),
  CleanLiteralsRule,
] as readonly ValidationRule[];

const COST_RULE = costLimitRule({ maxCost: QUERY_MAX_COST, ...REPORTING }) as ValidationRule;

/** Costs of documents whose pages do not depend on variables: computed once. */
const fixedCosts = new WeakMap<DocumentNode, Refusal | null>();

/** Refuses an operation whose rows could be too many, or answers null. A page counts by what `first` really is: a literal,
 *  a variable's value, or the default page; the rule alone would see literals only. */
export function costRefusal(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>> | undefined,
): Refusal | null {
  const known = fixedCosts.get(document);
  if (known !== undefined) return known;
  const { priced, fixed } = withPageSizes(schema, document, variables ?? {});
  const error = validate(schema, priced, [COST_RULE])[0];
  const refused = error === undefined ? null : requestRefusal(error);
  if (fixed) fixedCosts.set(document, refused);
  return refused;
}

function withPageSizes(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): { priced: DocumentNode; fixed: boolean } {
  const types = new TypeInfo(schema);
  const defaults = defaultsOf(document);
  let fixed = true;
  const priced: DocumentNode = visit(
    document,
    visitWithTypeInfo(types, {
      Field(node): FieldNode | undefined {
        const definition = types.getFieldDef()?.args.find((argument) => argument.name === 'first');
        if (definition === undefined) return undefined;
        const given = node.arguments?.find((argument) => argument.name.value === 'first')?.value;
        if (given?.kind === Kind.INT) return undefined;
        let size: unknown = definition.defaultValue;
        if (given?.kind === Kind.VARIABLE) {
          fixed = false;
          size = variables[given.name.value] ?? defaults.get(given.name.value) ?? size;
        }
        return { ...node, arguments: [pageOf(size), ...(node.arguments ?? [])] };
      },
    }),
  );
  return { priced, fixed };
}

/** First in the list, because the rule reads the first page argument that it meets. */
function pageOf(size: unknown): ArgumentNode {
  const rows = typeof size === 'number' && Number.isSafeInteger(size) && size > 0 ? size : PAGE_DEFAULT;
  return {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'first' },
    value: { kind: Kind.INT, value: String(rows) },
  };
}

function defaultsOf(document: DocumentNode): Map<string, number> {
  const defaults = new Map<string, number>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION)
      for (const { variable, defaultValue } of definition.variableDefinitions ?? [])
        if (defaultValue?.kind === Kind.INT) defaults.set(variable.name.value, Number(defaultValue.value));
  return defaults;
}
