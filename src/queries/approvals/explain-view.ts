import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import type { Language } from '../../errors.js';
import {
  ApprovalRequestStatus,
  ApprovalStepStatus,
  AssignmentStatus,
} from '../../entities/approvals/enums.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { User } from '../../entities/organisation/user.js';
import { Instant } from '../../entities/scalars.js';
import type { ExplainedStep, NextRung } from '../../workflows/explain.js';
import type { AssignmentState } from '../../workflows/request.js';
import { personById } from '../organisation/people.js';
import { ExcludedPerson } from './preview-view.js';
import { inLanguage } from '../in-language.js';

@ObjectType({ description: 'Someone who was asked in a step, and by which rule.' })
export class AskedPerson {
  @Field(() => User, { description: 'Who.' })
  person!: User;

  @Field(() => String, { description: 'The rule that chose them, or how they were added.' })
  rule!: string;

  @Field(() => AssignmentStatus, { description: 'Where their chance to act stands.' })
  status!: AssignmentStatus;

  @Field(() => User, { nullable: true, description: 'In whose place they were asked.' })
  onBehalfOf!: User | null;
}

@ObjectType({ description: "How far a step's vote has come." })
export class VoteCount {
  @Field(() => Int, { description: 'Approvals so far.' })
  approvals!: number;

  @Field(() => Int, { description: 'Rejections so far.' })
  rejections!: number;

  @Field(() => Int, { description: 'Abstentions so far; they leave the count.' })
  abstentions!: number;

  @Field(() => Int, { description: 'People who have not voted yet.' })
  open!: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'The fewest further approvals with which the step is approved; null when it cannot be any more.',
  })
  needed!: number | null;
}

@ObjectType({ description: 'What will happen to an open step if nobody acts before.' })
export class RungAhead {
  @Field(() => Instant, { description: 'When.' })
  at!: Date;

  @Field(() => String, { description: '`remind`, `notify`, `add`, `hand-over` or `decide`.' })
  action!: string;

  @Field(() => [User], { description: 'Whom its rules name now.' })
  people!: User[];

  @Field(() => [String], { description: 'The rules that name them.' })
  rules!: readonly string[];

  @Field(() => String, {
    nullable: true,
    description: 'APPROVE, REJECT or RETURN, where the system decides.',
  })
  verdict!: string | null;
}

@ObjectType('ExplainedStep', { description: 'Why one step stands where it stands.' })
export class ExplainedStepView {
  @Field(() => String, { description: 'Key in the process definition.' })
  key!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => ApprovalStepStatus, { description: 'Where it stands; WAITING when its turn has not come.' })
  status!: ApprovalStepStatus;

  @Field(() => String, { description: 'Why, in your language.' })
  why!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The condition under which it opens, in CEL; null: always.',
  })
  condition!: string | null;

  @Field(() => [String], { description: 'Keys of the steps that must end before it opens.' })
  waitsFor!: readonly string[];

  @Field(() => [AskedPerson], { description: 'Who was asked, in order.' })
  asked!: AskedPerson[];

  @Field(() => [ExcludedPerson], { description: 'Who was left out when it opened, and why.' })
  leftOut!: ExcludedPerson[];

  @Field(() => VoteCount, {
    nullable: true,
    description: 'The votes of an open step; null for others and for opinions.',
  })
  votes!: VoteCount | null;

  @Field(() => Instant, { nullable: true, description: 'When it is due.' })
  dueAt!: Date | null;

  @Field(() => RungAhead, { nullable: true, description: 'What happens at the next rung of its ladder.' })
  nextRung!: RungAhead | null;
}

@ObjectType({ description: 'Why a request stands where it stands, step by step in its present round.' })
export class RequestExplanation {
  @Field(() => ID, { description: 'The request.' })
  requestId!: string;

  @Field(() => ApprovalRequestStatus, { description: 'Where the request stands.' })
  status!: ApprovalRequestStatus;

  @Field(() => Int, { description: 'Its present round.' })
  round!: number;

  @Field(() => [ExplainedStepView], { description: 'Its steps in reading order.' })
  steps!: ExplainedStepView[];
}

interface Explained {
  readonly stored: StoredRequest;
  readonly steps: readonly ExplainedStep[];
}

export async function explanationView(
  ctx: Context,
  { stored, steps }: Explained,
): Promise<RequestExplanation> {
  return {
    requestId: stored.id,
    status: stored.state.status as ApprovalRequestStatus,
    round: stored.state.round,
    steps: await Promise.all(steps.map((step) => stepView(ctx, step))),
  };
}

async function stepView(ctx: Context, step: ExplainedStep): Promise<ExplainedStepView> {
  const { node, state, leftOut, votes, nextRung, waitsFor } = step;
  return {
    key: node.key,
    title: inLanguage(node.title, ctx.language),
    status: (state?.status ?? 'WAITING') as ApprovalStepStatus,
    why: whyOf(step, ctx.language),
    condition: node.when,
    waitsFor,
    asked: await Promise.all(step.assignments.map((assignment) => askedView(ctx, assignment))),
    leftOut: await Promise.all(
      leftOut.map(async ({ personId, rule, reason }) => ({
        person: reason === 'UNKNOWN' ? null : await personById(ctx, personId),
        rule,
        reason,
      })),
    ),
    votes,
    dueAt: state?.dueAt ?? null,
    nextRung: nextRung && (await rungView(ctx, nextRung)),
  };
}

async function askedView(
  ctx: Context,
  { personId, rule, status, handOver }: AssignmentState,
): Promise<AskedPerson> {
  return {
    person: await personById(ctx, personId),
    rule,
    status: status as AssignmentStatus,
    onBehalfOf: handOver === null ? null : await personById(ctx, handOver.fromPersonId),
  };
}

const rungView = async (ctx: Context, { people, ...rung }: NextRung): Promise<RungAhead> => ({
  ...rung,
  people: await Promise.all(people.map((id) => personById(ctx, id))),
});

const REASONS: Readonly<Record<string, { readonly en: string; readonly zh: string }>> = {
  CONDITION: { en: 'its condition does not hold', zh: '条件不成立' },
  NOBODY: { en: 'nobody is left who may decide it', zh: '没有可审批的人' },
  UNDECIDABLE: { en: 'too few people are left to meet its formula', zh: '剩余人数不足以满足规则' },
  REQUESTER_IS_APPROVER: { en: 'its approver is the requester', zh: '审批人即申请人' },
  CARRIED: { en: 'its approval carries over from an earlier round', zh: '沿用上一轮的批准' },
  NOTIFIED: { en: 'people were told', zh: '已通知相关人员' },
};

/** Where it stands and why, in one sentence. */
function whyOf({ node, state, waitsFor, votes }: ExplainedStep, language: Language): string {
  const zh = language === 'zh';
  if (!state) {
    if (waitsFor.length === 0) return zh ? '未到达' : 'Not reached.';
    return zh ? `等待 ${waitsFor.join('、')}` : `Waits for ${waitsFor.join(', ')}.`;
  }
  if (votes) {
    const { needed, open } = votes;
    return zh
      ? `还需 ${needed ?? '?'} 票同意（${open} 人未表态）`
      : `Needs ${needed ?? '?'} more approval(s) of ${open} open.`;
  }
  const reason = state.reason === null ? null : (REASONS[state.reason]?.[language] ?? state.reason);
  const word = zh
    ? STATUS_ZH[state.status]
    : `${state.status.charAt(0)}${state.status.slice(1).toLowerCase()}`;
  const condition = state.reason === 'CONDITION' && node.when !== null ? ` (${node.when})` : '';
  return reason === null ? word : `${word}${zh ? '：' : ': '}${reason}${condition}`;
}

const STATUS_ZH: Readonly<Record<NonNullable<ExplainedStep['state']>['status'], string>> = {
  OPEN: '进行中',
  BLOCKED: '受阻',
  APPROVED: '已通过',
  REJECTED: '已拒绝',
  SKIPPED: '已跳过',
  RETURNED: '已退回',
  CANCELLED: '已取消',
};
