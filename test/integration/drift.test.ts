import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';
import { makeSchema } from '../../src/app.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let schema: GraphQLSchema;
beforeAll(async () => {
  database = await testDatabase();
  schema = await makeSchema();
});
afterAll(() => database.close());

test('entities and migrations describe the same tables', async () => {
  const difference = await database.orm.schema.getUpdateSchemaSQL({ wrap: false });
  // Triggers and their functions live in migrations only.
  const tables = difference
    .split('\n')
    .filter((line) => line !== '' && !/^drop (trigger|function) /.test(line));
  expect(tables).toEqual([]);
});

test('migrations can be undone and done again', async () => {
  const columns = async (): Promise<unknown> =>
    database.orm.em
      .getConnection()
      .execute(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by 1, 2",
      );
  const before = await columns();
  await database.orm.migrator.down({ to: 0 });
  expect(await columns()).not.toEqual(before);
  await database.orm.migrator.up();
  expect(await columns()).toEqual(before);
});

test('every type, field, argument and enum value of the schema is described', () => {
  const bare: string[] = [];
  const need = (what: string, description: string | null | undefined): void => {
    if (!description) bare.push(what);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || ['String', 'Int', 'Float', 'Boolean', 'ID'].includes(type.name))
      continue;
    if (!['Query', 'Mutation', 'Subscription'].includes(type.name)) need(type.name, type.description);
    if (isEnumType(type))
      for (const value of type.getValues()) need(`${type.name}.${value.name}`, value.description);
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      need(`${type.name}.${field.name}`, field.description);
      if ('args' in field)
        for (const argument of field.args)
          need(`${type.name}.${field.name}(${argument.name})`, argument.description);
    }
  }
  expect(bare).toEqual([]);
});

test('no input type can set what only the engine sets', () => {
  const forbidden = new Set([
    'status',
    'ownerId',
    'createdById',
    'updatedById',
    'version',
    'number',
    'role',
    'permissions',
  ]);
  const found = Object.values(schema.getTypeMap())
    .filter(isInputObjectType)
    // A customer's status is what people know of it; nothing decides it.
    .filter((type) => !type.name.endsWith('Filter') && !type.name.endsWith('CustomerInput'))
    .flatMap((type) =>
      Object.keys(type.getFields())
        .filter((field) => forbidden.has(field))
        .map((field) => `${type.name}.${field}`),
    );
  expect(found).toEqual([]);
});
