import fc from 'fast-check';
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

/** An operation as a client may send it, sound in form and wild in its values. */
export interface GeneratedOperation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

const NASTY_TEXT = [
  '',
  ' ',
  'a\u0000b',
  '\ud800',
  '😀'.repeat(50),
  '\u202eright-to-left',
  "'; drop table app_user; --",
  '%_\\',
  '=1+1',
  '{{7*7}}',
  'x'.repeat(5000),
  'null',
  '__proto__',
  '../../etc/passwd',
  '١٢٣',
];
const NASTY_DECIMAL = [
  '0',
  '-1',
  '1e5',
  'NaN',
  'Infinity',
  '99999999999999999',
  '0.001',
  '9999999999999999.99',
  '',
];
const NASTY_DAY = ['1970-01-01', '2200-12-31', '2024-02-30', '0000-00-00', '9999-12-31', '2024-2-3', ''];
const NASTY_INSTANT = [
  '1970-01-01T00:00:00Z',
  '2200-12-31T23:59:59.999Z',
  '2024-01-01',
  'now',
  '2024-13-01T00:00:00Z',
];
const NASTY_INT = [0, -1, 1, 100, 101, 2_147_483_647, -2_147_483_648];

const SCALARS: Readonly<Record<string, (ids: readonly string[]) => fc.Arbitrary<unknown>>> = {
  ID: (ids) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...ids) },
      fc.constantFrom('', 'x', '00000000-0000-0000-0000-000000000000', ids[0]?.toUpperCase() ?? ''),
      fc.uuid(),
    ),
  String: () =>
    fc.oneof(
      fc.constantFrom(...NASTY_TEXT),
      fc.string({ maxLength: 60 }),
      fc.constantFrom('CNY', '2024-05', 'software-project', 'F-001'),
    ),
  Int: () => fc.oneof(fc.constantFrom(...NASTY_INT), fc.integer({ min: 1, max: 5 })),
  Float: () => fc.double({ noNaN: true, noDefaultInfinity: true }),
  Boolean: () => fc.boolean(),
  Decimal: () =>
    fc.oneof(
      fc.constantFrom(...NASTY_DECIMAL),
      fc.nat(1_000_000).map((n) => (n / 100).toFixed(2)),
    ),
  Date: () => fc.oneof(fc.constantFrom(...NASTY_DAY), fc.constant('2024-05-20')),
  DateTime: () => fc.oneof(fc.constantFrom(...NASTY_INSTANT), fc.constant('2024-05-20T01:00:00Z')),
  JSON: () =>
    fc.oneof(
      fc.jsonValue() as fc.Arbitrary<unknown>,
      fc.constantFrom({ a: 'b\u0000' }, [[[[[[[[[[[[[[1]]]]]]]]]]]]]]),
    ),
};

/** A value of an input type; now and then one of a wrong type. */
function valueOf(type: GraphQLInputType, ids: readonly string[], depth: number): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return soundOf(type.ofType, ids, depth);
  return fc.oneof(
    { weight: 3, arbitrary: soundOf(type, ids, depth) },
    fc.constant(undefined),
    fc.constant(null),
  );
}

function soundOf(type: GraphQLInputType, ids: readonly string[], depth: number): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return soundOf(type.ofType, ids, depth);
  if (isListType(type))
    return fc.array(valueOf(type.ofType, ids, depth + 1), { maxLength: depth > 2 ? 0 : 3 });
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map((value) => value.name));
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    return fc
      .tuple(...fields.map((field) => valueOf(field.type, ids, depth + 1)))
      .map((values) =>
        Object.fromEntries(
          fields.flatMap((field, index) =>
            values[index] === undefined ? [] : [[field.name, values[index]]],
          ),
        ),
      );
  }
  const made = SCALARS[type.name];
  if (!made) throw new Error(`no generator for ${type.name}`);
  return fc.oneof({ weight: 30, arbitrary: made(ids) }, fc.constantFrom<unknown>(1, 'x', true, [], {}));
}

const LEAF_DEPTH = 3;

/** Every scalar of the answer and of what hangs on it, a few levels deep. */
function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (isUnionType(named))
    return `{ __typename ${named
      .getTypes()
      .map((member) => `... on ${member.name} { id }`)
      .join(' ')} }`;
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).flatMap((field) => {
    const leaf = !isObjectType(getNamedType(field.type)) && !isUnionType(getNamedType(field.type));
    if (leaf) return [field.name];
    return depth >= LEAF_DEPTH ? [] : [`${field.name} ${selectionOf(field.type, depth + 1)}`];
  });
  return `{ ${fields.join(' ') || '__typename'} }`;
}

function operationOf(
  kind: 'query' | 'mutation',
  field: GraphQLField<unknown, unknown>,
  ids: readonly string[],
): fc.Arbitrary<GeneratedOperation> {
  const declared = field.args.map((argument) => `$${argument.name}: ${String(argument.type)}`).join(', ');
  const passed = field.args.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
  const query = `${kind} ${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`} ${selectionOf(field.type, 1)} }`;
  return fc.tuple(...field.args.map((argument) => valueOf(argument.type, ids, 0))).map((values) => ({
    query,
    variables: Object.fromEntries(field.args.map((argument, index) => [argument.name, values[index]])),
  }));
}

/** Any operation of the schema but those named; `ids` are ids of real rows of all kinds. */
export function operations(
  schema: GraphQLSchema,
  ids: readonly string[],
  without: readonly string[],
): fc.Arbitrary<GeneratedOperation> {
  const queries = Object.values(schema.getQueryType()?.getFields() ?? {}).map((field) =>
    operationOf('query', field, ids),
  );
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})
    .filter((field) => !without.includes(field.name))
    .map((field) => operationOf('mutation', field, ids));
  return fc.oneof(...queries, ...mutations);
}
