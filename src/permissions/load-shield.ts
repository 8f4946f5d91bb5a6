// graphql-shield 7.6.5 cannot be loaded as ESM on Node 24 (`util.isUndefined` is gone), and the middleware must be the
// same copy that shield uses, or it takes shield's generator for a type. So both are loaded here, from their CommonJS
// builds, and nowhere else.
import { createRequire } from 'node:module';
import util from 'node:util';
import { isObjectType, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import type * as Middleware from 'graphql-middleware';
import type * as Shield from 'graphql-shield';
import type { Context } from '../context.js';
import { refusal } from '../errors.js';

const load = createRequire(import.meta.url);
(util as { isUndefined?: (value: unknown) => boolean }).isUndefined ??= (value) => value === undefined;
const shield = load('graphql-shield') as typeof Shield;
const { applyMiddleware } = load('graphql-middleware') as typeof Middleware;

/** A rule as shield knows it; made by `rule`, joined by `and` and `or`. */
export type PermissionRule = Shield.IRule | ReturnType<typeof Shield.and>;

/** A rule for every guarded field. Every field of Query, Mutation and Subscription needs one. */
export type RuleTree = Readonly<Record<string, Readonly<Record<string, PermissionRule>>>>;

/** May this actor use this field? `true`, or the refusal that says why not (false: FORBIDDEN). */
export type Question<Args, Parent> = (
  parent: Parent,
  args: Args,
  context: Context,
  info: GraphQLResolveInfo,
) => Answer | Promise<Answer>;
type Answer = boolean | Error;

// `not`, `chain` and `race` stay behind: `not` allows when its rule fails, the others swallow why.
export const allow: PermissionRule = shield.allow;
export const deny: PermissionRule = shield.deny;
export const and = (...rules: PermissionRule[]): PermissionRule => shield.and(...(rules as Shield.IRule[]));
export const or = (...rules: PermissionRule[]): PermissionRule => shield.or(...(rules as Shield.IRule[]));

let ruleCount = 0;

/**
 * Makes a rule that fails closed: a question that throws denies with what it threw, so an outage is told from a denial.
 * `contextual` asks once per operation; only for answers that depend on the actor alone.
 */
export function rule<Args = Record<string, unknown>, Parent = unknown>(
  name: string,
  question: Question<Args, Parent>,
  options: { readonly cache?: 'no_cache' | 'contextual' } = {},
): PermissionRule {
  const ask = async (
    parent: Parent,
    args: Args,
    context: Context,
    info: GraphQLResolveInfo,
  ): Promise<Answer> => {
    try {
      return await question(parent, args, context, info);
    } catch (error) {
      return util.types.isNativeError(error) || error instanceof Error ? error : new Error(String(error));
    }
  };
  // Shield shares contextual answers by name; the number keeps two rules of one name apart.
  ruleCount += 1;
  return shield.rule(`${name}#${ruleCount}`, { cache: options.cache ?? 'no_cache' })(ask);
}

const denied = (): Error => refusal('FORBIDDEN');
const OPTIONS = {
  debug: false,
  // Errors of resolvers pass unchanged; the HTTP layer masks what is not a refusal.
  allowExternalErrors: true,
  fallbackRule: shield.deny,
  fallbackError: denied,
  hashFunction: (): string => {
    throw new Error('the cache "strict" is not in use');
  },
};

/**
 * A schema in which the named fields ask their rule before they resolve; fields without a rule cost nothing. Subscription
 * rules run when the client subscribes and again before each event, on that event's context.
 * @throws Error at once when a root field has no rule, or a rule names what the schema does not have.
 */
export function applyRules(schema: GraphQLSchema, rules: RuleTree): GraphQLSchema {
  const faults = faultsOf(schema, rules);
  if (faults.length > 0) throw new Error(`The permission rules do not fit the schema: ${faults.join('; ')}`);
  const subscriptions = schema.getSubscriptionType()?.name;
  const wrapped = Object.entries(rules).filter(([type]) => type !== subscriptions);
  const all = shield.shield(Object.fromEntries(wrapped), OPTIONS).generate(schema) as Record<
    string,
    Record<string, unknown>
  >;
  const picked = Object.fromEntries(
    wrapped.map(([type, fields]) => [
      type,
      Object.fromEntries(Object.keys(fields).map((field) => [field, all[type]?.[field]])),
    ]),
  );
  const guarded: GraphQLSchema = applyMiddleware(schema, picked as never);
  if (subscriptions !== undefined) guardSubscriptions(guarded, rules[subscriptions] ?? {});
  return guarded;
}

function faultsOf(schema: GraphQLSchema, rules: RuleTree): string[] {
  const faults: string[] = [];
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
    for (const field of Object.keys(root?.getFields() ?? {}))
      if (!Object.hasOwn(rules[root?.name ?? ''] ?? {}, field))
        faults.push(`${root?.name}.${field} has no rule`);
  for (const [name, fields] of Object.entries(rules)) {
    const type = schema.getType(name);
    if (!isObjectType(type)) faults.push(`${name} is not an object type of the schema`);
    else
      for (const field of Object.keys(fields))
        if (!Object.hasOwn(type.getFields(), field)) faults.push(`${name}.${field} does not exist`);
  }
  return faults;
}

function guardSubscriptions(schema: GraphQLSchema, rules: Readonly<Record<string, PermissionRule>>): void {
  for (const [name, field] of Object.entries(schema.getSubscriptionType()?.getFields() ?? {})) {
    const rule = rules[name];
    if (rule === undefined) continue;
    const { subscribe, resolve } = field;
    if (subscribe === undefined) throw new Error(`The subscription ${name} has no source of events`);
    field.subscribe = async (parent, args, context, info) => {
      await demand(rule, parent, args, context, info);
      return subscribe(parent, args, context, info);
    };
    field.resolve = async (payload, args, context, info) => {
      await demand(rule, payload, args, context, info);
      return resolve ? resolve(payload, args, context, info) : payload;
    };
  }
}

async function demand(
  rule: PermissionRule,
  parent: unknown,
  args: object,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<void> {
  if (!('_shield' in context)) Object.assign(context, { _shield: { cache: {} } });
  const answer = await rule.resolve(parent as object, args, context as never, info, OPTIONS);
  if (answer !== true) throw answer instanceof Error ? answer : denied();
}
