import { describe, expect, test } from '@jest/globals';
import { buildSchema, createSourceEventStream, execute, graphql, parse, type GraphQLSchema } from 'graphql';
import type { Context } from '../../src/context.js';
import { refusal } from '../../src/errors.js';
import * as shield from '../../src/permissions/load-shield.js';

const { allow, and, applyRules, deny, or, rule } = shield;

/** `asked` holds the names of the fields that were resolved. */
function makeSchema(): { schema: GraphQLSchema; asked: string[] } {
  const schema = buildSchema(`
    interface Named { name: String }
    type Person implements Named { name: String, salary: Int }
    type Query { a: String, b: String, person: Person }
    type Mutation { change: String }
    type Subscription { changed: String }
  `);
  const asked: string[] = [];
  for (const type of ['Query', 'Mutation', 'Person'])
    for (const field of Object.values(
      (
        schema.getType(type) as unknown as {
          getFields(): Record<string, { name: string; resolve?: unknown }>;
        }
      ).getFields(),
    ))
      field.resolve = () => {
        asked.push(field.name);
        return field.name === 'salary' ? 1 : field.name === 'person' ? {} : field.name;
      };
  const changed = schema.getSubscriptionType()?.getFields()['changed'];
  if (changed) {
    changed.subscribe = async function* () {
      asked.push('subscribe');
      yield 'one';
    };
    changed.resolve = (event: unknown) => event;
  }
  return { schema, asked };
}

const all = {
  Query: { a: allow, b: allow, person: allow },
  Mutation: { change: allow },
  Subscription: { changed: allow },
};
const context = (): Context => ({}) as Context;
const codes = async (schema: GraphQLSchema, source: string): Promise<unknown[]> => {
  const { errors } = await graphql({ schema, source, contextValue: context() });
  return (errors ?? []).map(({ extensions, message }) => extensions['code'] ?? message);
};

describe('applying the rules', () => {
  test.each<[string, shield.RuleTree, string]>([
    ['a query without a rule', { ...all, Query: { a: allow, b: allow } }, 'Query.person has no rule'],
    ['a mutation without a rule', { ...all, Mutation: {} }, 'Mutation.change has no rule'],
    [
      'a subscription without a rule',
      { Query: all.Query, Mutation: all.Mutation },
      'Subscription.changed has no rule',
    ],
    ['a rule for an unknown field', { ...all, Person: { wage: deny } }, 'Person.wage does not exist'],
    ['a rule for an unknown type', { ...all, Nobody: { name: deny } }, 'Nobody is not an object type'],
    [
      'a rule for an interface, which would be ignored',
      { ...all, Named: { name: deny } },
      'Named is not an object type',
    ],
    [
      'a field named like a member of every object',
      { ...all, Query: { ...all.Query, toString: allow } },
      'Query.toString does not exist',
    ],
  ])('fails for %s', (_name, rules, message) => {
    expect(() => applyRules(makeSchema().schema, rules)).toThrow(message);
  });

  test('the operators that can allow by accident are not to be had', () => {
    expect(Object.keys(shield).toSorted()).toEqual(['allow', 'and', 'applyRules', 'deny', 'or', 'rule']);
  });

  test('a denied field is not resolved; others are', async () => {
    const { schema, asked } = makeSchema();
    const guarded = applyRules(schema, {
      ...all,
      Query: { ...all.Query, a: deny },
      Person: { salary: deny },
    });
    expect(await codes(guarded, '{ a b person { name salary } }')).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    expect(asked.toSorted()).toEqual(['b', 'name', 'person']);
  });

  test.each<[string, () => never | boolean | Error | Promise<boolean>, unknown]>([
    [
      'throws what is no refusal',
      () => {
        throw new TypeError('broken');
      },
      'broken',
    ],
    [
      'throws a refusal',
      () => {
        throw refusal('NOT_YOUR_ASSIGNMENT');
      },
      'NOT_YOUR_ASSIGNMENT',
    ],
    ['rejects', () => Promise.reject(new Error('away')), 'away'],
    ['answers a refusal', () => refusal('STEP_UP_REQUIRED'), 'STEP_UP_REQUIRED'],
    ['answers false', () => false, 'FORBIDDEN'],
    ['answers nothing', () => undefined as never, 'FORBIDDEN'],
    ['answers something like true', () => 1 as never, 'FORBIDDEN'],
  ])('a rule that %s denies', async (_name, question, code) => {
    const { schema, asked } = makeSchema();
    const bad = rule('bad', question);
    for (const one of [bad, and(allow, bad), or(bad, deny)]) {
      const guarded = applyRules(schema, { ...all, Mutation: { change: one } });
      expect(await codes(guarded, 'mutation { change }')).toEqual([code]);
    }
    expect(asked).toEqual([]);
  });

  test('two contextual rules of one name do not share their answers', async () => {
    const yes = rule('role', () => true, { cache: 'contextual' });
    const no = rule('role', () => false, { cache: 'contextual' });
    const guarded = applyRules(makeSchema().schema, { ...all, Query: { ...all.Query, a: yes, b: no } });
    expect(await codes(guarded, '{ a b }')).toEqual(['FORBIDDEN']);
  });

  test('a contextual rule is asked once per operation', async () => {
    let times = 0;
    const counted = rule('counted', () => ((times += 1), true), { cache: 'contextual' });
    const guarded = applyRules(makeSchema().schema, {
      ...all,
      Query: { ...all.Query, a: counted, b: counted },
    });
    await codes(guarded, '{ a b }');
    expect(times).toBe(1);
    await codes(guarded, '{ a b }');
    expect(times).toBe(2);
  });

  test('a subscription asks before it starts and again for each event', async () => {
    const { schema, asked } = makeSchema();
    let answer = false;
    const guarded = applyRules(schema, { ...all, Subscription: { changed: rule('now', () => answer) } });
    const args = { schema: guarded, document: parse('subscription { changed }') };
    expect(await createSourceEventStream({ ...args, contextValue: context() })).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
    expect(asked).toEqual([]);
    answer = true;
    const stream = (await createSourceEventStream({
      ...args,
      contextValue: context(),
    })) as AsyncIterable<unknown>;
    answer = false;
    for await (const event of stream)
      expect(await execute({ ...args, rootValue: event, contextValue: context() })).toMatchObject({
        errors: [{ extensions: { code: 'FORBIDDEN' } }],
      });
    expect(asked).toEqual(['subscribe']);
  });
});
