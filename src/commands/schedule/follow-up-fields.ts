import { z } from 'zod';
import { Field, ID, InputType } from 'type-graphql';
import { FollowUpKind, FollowUpPriority } from '../../entities/schedule/follow-up.js';
import { Instant, Json } from '../../entities/scalars.js';
import { isRowId } from '../../entities/is-row-id.js';
import { COMMENT_MAX_LENGTH, TITLE_MAX_LENGTH } from '../../limits.js';
import { parseWith } from '../../workflows/duration.js';
import { repeatSchema, type Repeat } from '../../workflows/follow-up.js';
import { ladderSchema, NO_LADDER, rolesNamed, type Ladder } from '../../workflows/ladder.js';
import type { Organisation } from '../../workflows/organisation.js';
import { onceRuleSchema, type SingleRule } from '../../workflows/schedule-rule.js';
import { check, checkOptionalText, checkText, requireSound, type Finding } from '../input.js';

/** What a new follow-up and the next one after it have in common. */
@InputType()
export abstract class FollowUpFields {
  @Field(() => String, { description: 'What is to be done, 1 to 200 characters.' })
  title!: string;

  @Field(() => FollowUpKind, { nullable: true, description: 'What kind of thing; TASK when not given.' })
  kind?: FollowUpKind | null;

  @Field(() => String, { nullable: true, description: 'More about it, at most 4000 characters.' })
  note?: string | null;

  @Field(() => FollowUpPriority, {
    nullable: true,
    description: 'How much it matters; NORMAL when not given.',
  })
  priority?: FollowUpPriority | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose it is; yours when neither a person nor a role is given.',
  })
  personId?: string | null;

  @Field(() => String, { nullable: true, description: 'Key of a role: it is for whoever holds it.' })
  roleKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The department in which the role is held; anywhere when not given.',
  })
  roleDepartmentId?: string | null;

  @Field(() => Instant, { nullable: true, description: 'When it is due; either this or a rule.' })
  dueAt?: Date | null;

  @Field(() => Json, {
    nullable: true,
    description:
      'The rule that says when it is due, as packs write it, hanging on events of its record: `{kind: "before-event", anchor: "ends", offset: {count: 2, unit: "week"}}`.',
  })
  rule?: unknown;

  @Field(() => Json, {
    nullable: true,
    description:
      'Reminders and rungs as packs write them: `{reminders: [{when: "before", offset: {after: "P1D", in: "business"}}], ladder: [{after: …, action: {do: "notify", who: [{rule: "manager"}]}}]}`.',
  })
  ladder?: unknown;

  @Field(() => Json, {
    nullable: true,
    description:
      'How the next one follows once it is done: `{rule: {kind: "every-months", …}, until: "2025-12-31"}`.',
  })
  repeat?: unknown;
}

export interface ParsedRules {
  readonly rule: SingleRule | null;
  readonly ladder: Ladder;
  readonly repeat: Repeat | null;
}

/** The rules of an input with every default filled in. @throws BAD_USER_INPUT naming each place */
export function parseRules({
  rule,
  ladder,
  repeat,
}: Pick<FollowUpFields, 'rule' | 'ladder' | 'repeat'>): ParsedRules {
  const optional = <T>(schema: z.ZodType<T>, what: string, value: unknown): T | null =>
    value === null || value === undefined ? null : parseWith(schema, what, value);
  return {
    rule: optional(onceRuleSchema, 'rule', rule),
    ladder: optional(ladderSchema, 'ladder', ladder) ?? NO_LADDER,
    repeat: optional(repeatSchema, 'repeat', repeat),
  };
}

/** What is wrong with the fields by themselves. @throws BAD_USER_INPUT */
export function requireFollowUp(input: FollowUpFields, ladder: Ladder, organisation: Organisation): void {
  const { personId, roleKey, roleDepartmentId, dueAt, rule } = input;
  requireSound(
    checkText('title', input.title, TITLE_MAX_LENGTH),
    checkOptionalText('note', input.note, COMMENT_MAX_LENGTH),
    check('rule', !(dueAt && rule), 'a due time or a rule, not both'),
    ...checkForWhom({ personId, roleKey, roleDepartmentId }, organisation),
    ...rolesNamed(ladder).map(({ role, path }) =>
      check(`ladder.${path.join('.')}`, organisation.grants.has(role), 'a role that someone holds'),
    ),
  );
}

/** A person who works here, or a role that someone holds, in a department that exists. */
export function checkForWhom(
  { personId, roleKey, roleDepartmentId }: Pick<FollowUpFields, 'personId' | 'roleKey' | 'roleDepartmentId'>,
  organisation: Organisation,
): Finding[] {
  const person = personId ? organisation.people.get(personId.toLowerCase()) : undefined;
  return [
    check('roleKey', !(personId && roleKey), 'a person or a role, not both'),
    check('personId', !personId || person?.active === true, 'the id of an active person'),
    check('roleKey', !roleKey || organisation.grants.has(roleKey), 'the key of a role that someone holds'),
    check(
      'roleDepartmentId',
      !roleDepartmentId ||
        (Boolean(roleKey) &&
          isRowId(roleDepartmentId) &&
          organisation.departments.has(roleDepartmentId.toLowerCase())),
      'the id of a department, for a role',
    ),
  ];
}
