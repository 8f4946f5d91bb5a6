import { z } from 'zod';
import { dueRuleSchema, type DueRule } from './duration.js';
import { ladderPeople, type LadderShape } from './ladder.js';
import type { Problem } from './pack-file.js';
import { reminders } from './process-file.js';
import { keySchema, localised, type ApproverRule, type Localised } from './process.js';

// How a payment that a contract calls for is chased: reminders around its day, then rungs.

const KINDS = ['CALL', 'VISIT', 'MESSAGE', 'PAYMENT', 'TASK'] as const;

export type PaymentAction =
  | { readonly do: 'remind' }
  | { readonly do: 'notify'; readonly who: readonly ApproverRule[] }
  /** Makes a follow-up on the contract, for its owner or whoever holds a role. */
  | {
      readonly do: 'follow-up';
      readonly kind: (typeof KINDS)[number];
      readonly title: Localised;
      readonly for: 'owner' | { readonly role: string };
      /** After the rung. */
      readonly due: DueRule;
    };

export interface PaymentLadder extends LadderShape<PaymentAction> {
  readonly key: string;
  readonly title: Localised;
  /** Contracts of these kinds; empty: of every kind. Of several ladders the first by key that fits counts. */
  readonly contractKinds: readonly string[];
  /** null: that of the contract's department, else the default. */
  readonly calendar: string | null;
}

const CONTRACT_KINDS = ['SALES', 'FRAMEWORK', 'TECHNICAL', 'COMMERCIAL', 'PROMOTION'] as const;

export const paymentLadderSchema = z.strictObject({
  kind: z.literal('payment-ladder'),
  key: keySchema,
  title: localised,
  contractKinds: z.array(z.enum(CONTRACT_KINDS)).max(CONTRACT_KINDS.length).default([]),
  calendar: keySchema.nullable().default(null),
  reminders: reminders.default([]),
  ladder: z
    .array(
      z.strictObject({
        after: dueRuleSchema,
        action: z.discriminatedUnion('do', [
          z.strictObject({ do: z.literal('remind') }),
          z.strictObject({ do: z.literal('notify'), who: ladderPeople }),
          z.strictObject({
            do: z.literal('follow-up'),
            kind: z.enum(KINDS).default('CALL'),
            title: localised,
            for: z.union([z.literal('owner'), z.strictObject({ role: keySchema })]).default('owner'),
            due: dueRuleSchema,
          }),
        ]),
      }),
    )
    .max(20)
    .default([]),
});

/** Everything wrong with a ladder beyond its shape. */
export function* problemsOfPaymentLadder(
  { calendar, ladder }: PaymentLadder,
  known: { readonly roles: ReadonlySet<string>; readonly calendars: ReadonlySet<string> },
): Generator<Problem> {
  if (calendar !== null && !known.calendars.has(calendar))
    yield { path: ['calendar'], rule: 'unknown-calendar', message: `no calendar ${calendar}` };
  for (const [index, { action }] of ladder.entries()) {
    const at = ['ladder', index, 'action'];
    if (action.do === 'notify')
      for (const [place, rule] of action.who.entries())
        if (rule.rule === 'role' && !known.roles.has(rule.role))
          yield {
            path: [...at, 'who', place, 'role'],
            rule: 'unknown-role',
            message: `no role ${rule.role}`,
          };
    if (action.do === 'follow-up' && action.for !== 'owner' && !known.roles.has(action.for.role))
      yield { path: [...at, 'for', 'role'], rule: 'unknown-role', message: `no role ${action.for.role}` };
  }
}
