import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { messageOf, type Refusal } from '../../errors.js';
import { ApprovalRequestStatus } from '../../entities/approvals/enums.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { User } from '../../entities/organisation/user.js';
import { Instant } from '../../entities/scalars.js';
import type { CheckedProcess } from '../../workflows/check-process-text.js';
import type { Finding, Problem } from '../../workflows/pack-file.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import type { MigrationDryRun } from '../../workflows/migration-dry-run.js';
import type { Approval, SimulatedCase } from '../../workflows/simulate.js';
import { personById } from '../organisation/people.js';
import { requestOf } from './request-view.js';
import { differencesView, RouteDifferenceView } from './route-view.js';

@ObjectType({ description: 'Something wrong in a definition, with its place.' })
export class ProcessFinding {
  @Field(() => Int, { description: 'Line, from 1.' })
  line!: number;

  @Field(() => Int, { description: 'Column, from 1.' })
  column!: number;

  @Field(() => String, { description: 'Where in the document, such as `steps.0.approvers.1.role`.' })
  path!: string;

  @Field(() => String, {
    description: 'The rule broken, such as `unknown-role`, `unreachable`, `gap`, `no-approver`.',
  })
  rule!: string;

  @Field(() => String, { description: 'What is wrong.' })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description: 'A case in which it goes wrong: a subject, a department, a path of steps.',
  })
  example!: string | null;
}

@ObjectType({ description: 'What the checker says of a definition.' })
export class ProcessCheck {
  @Field(() => String, { nullable: true, description: 'Key of the process; null when it could not be read.' })
  key!: string | null;

  @Field(() => Int, { nullable: true, description: 'Version; null when it could not be read.' })
  version!: number | null;

  @Field(() => [ProcessFinding], {
    description: 'What is wrong with the definition; with any, it cannot be published.',
  })
  findings!: ProcessFinding[];

  @Field(() => [ProcessFinding], {
    description: 'What it lacks in the organisation as it is; sought when nothing else is wrong.',
  })
  concerns!: ProcessFinding[];
}

const findingView = ({ line, column, path, rule, message, example }: Finding): ProcessFinding => ({
  line,
  column,
  path,
  rule,
  message,
  example: example ?? null,
});

export const checkView = ({ definition, findings, concerns }: CheckedProcess): ProcessCheck => ({
  key: definition?.key ?? null,
  version: definition?.version ?? null,
  findings: findings.map(findingView),
  concerns: concerns.map(findingView),
});

export enum MigrationOutcome {
  SAME_ROUTE = 'SAME_ROUTE',
  CHANGED_ROUTE = 'CHANGED_ROUTE',
  IMPOSSIBLE = 'IMPOSSIBLE',
}
registerEnumType(MigrationOutcome, {
  name: 'MigrationOutcome',
  description: 'What would become of an open request on a new version.',
  valuesConfig: {
    SAME_ROUTE: { description: 'It would go on as it does.' },
    CHANGED_ROUTE: { description: 'It would go another way; the differences say how.' },
    IMPOSSIBLE: { description: 'It cannot be moved; the reason says why.' },
  },
});

@ObjectType({ description: 'An open request of an earlier version, and how it would fare on the new one.' })
export class AffectedRequest {
  @Field(() => ApprovalRequest, { description: 'The request.' })
  request!: ApprovalRequest;

  @Field(() => MigrationOutcome, { description: 'A dry run of moving it to the new version.' })
  migration!: MigrationOutcome;

  @Field(() => [String], {
    description: 'Keys of the steps that stand as they are: decided, or being decided.',
  })
  carried!: readonly string[];

  @Field(() => [String], {
    description:
      'Keys of the steps that are asked anew; who had approved and is asked again keeps their vote.',
  })
  asked!: readonly string[];

  @Field(() => [String], { description: 'Keys of the steps reached that the new version does not have.' })
  removed!: readonly string[];

  @Field(() => [User], { description: 'Whose turn it is now and would be no more.' })
  dropped!: User[];

  @Field(() => ApprovalRequestStatus, {
    nullable: true,
    description: 'How it would stand: moved, it may be approved at once. Null when it is impossible.',
  })
  status!: ApprovalRequestStatus | null;

  @Field(() => String, { nullable: true, description: 'Why it is impossible.' })
  why!: string | null;

  @Field(() => [RouteDifferenceView], { description: 'Where its route would change.' })
  differences!: RouteDifferenceView[];
}

@ObjectType({
  description:
    'What publishing a definition would mean for what runs: the ground on which to keep, move or hold open requests.',
})
export class PublishImpactView {
  @Field(() => ProcessCheck, { description: 'What the checker says.' })
  check!: ProcessCheck;

  @Field(() => Int, { description: 'Open requests of earlier versions.' })
  openRequests!: number;

  @Field(() => [AffectedRequest], { description: 'Each of them, oldest first; at most 2000.' })
  affected!: AffectedRequest[];
}

interface Impact {
  readonly checked: CheckedProcess;
  readonly total: number;
  readonly affected: readonly { readonly stored: StoredRequest; readonly migration: MigrationDryRun }[];
}

export async function publishImpactView(
  ctx: Context,
  { checked, total, affected }: Impact,
): Promise<PublishImpactView> {
  return {
    check: checkView(checked),
    openRequests: total,
    affected: await dryRunsView(ctx, affected),
  };
}

const inWords = ({ language }: Context, { code, details }: Refusal): string =>
  messageOf(code, details, language);

/** What a move would make of requests, one by one. */
export const dryRunsView = (ctx: Context, dryRuns: Impact['affected']): Promise<AffectedRequest[]> =>
  Promise.all(
    dryRuns.map(async ({ stored, migration }) => {
      const can = migration.outcome === 'IMPOSSIBLE' ? null : migration;
      return {
        request: await requestOf(ctx, stored.id),
        migration: migration.outcome as MigrationOutcome,
        why: migration.outcome === 'IMPOSSIBLE' ? inWords(ctx, migration.why) : null,
        differences: await differencesView(ctx, ahead(can?.differences ?? [])),
        carried: can?.carried ?? [],
        asked: can?.asked ?? [],
        removed: can?.removed ?? [],
        dropped: await Promise.all((can?.dropped ?? []).map((id) => personById(ctx, id))),
        status: (can?.status ?? null) as ApprovalRequestStatus | null,
      };
    }),
  );

const ahead = <T extends object>(differences: readonly T[]): (T & { happened: false })[] =>
  differences.map((difference) => ({ ...difference, happened: false as const }));

@ObjectType({ description: 'An open request that a change of the organisation would leave without people.' })
export class StrandedRequest {
  @Field(() => ApprovalRequest, { description: 'The request.' })
  request!: ApprovalRequest;

  @Field(() => [String], { description: 'Keys of its steps that would be left with nobody.' })
  steps!: readonly string[];
}

@ObjectType({
  description: 'A published definition that a change of the organisation would leave without people.',
})
export class StrandedDefinition {
  @Field(() => String, { description: 'Key of the process.' })
  key!: string;

  @Field(() => Int, { description: 'Version.' })
  version!: number;

  @Field(() => [String], { description: 'What it would lack: message and counter-example.' })
  problems!: string[];
}

@ObjectType({
  description: 'What a change of the organisation would leave with nobody. Nothing is changed by asking.',
})
export class OrganisationImpactView {
  @Field(() => Int, { description: 'Open requests in all; at most 2000 of them are looked at.' })
  openRequests!: number;

  @Field(() => [StrandedRequest], { description: 'Open requests, oldest first.' })
  requests!: StrandedRequest[];

  @Field(() => [StrandedDefinition], { description: 'Published definitions.' })
  definitions!: StrandedDefinition[];
}

export async function organisationImpactView(
  ctx: Context,
  impact: {
    readonly total: number;
    readonly requests: readonly { readonly stored: StoredRequest; readonly steps: readonly string[] }[];
    readonly definitions: readonly {
      readonly definition: ProcessDefinition;
      readonly problems: readonly Problem[];
    }[];
  },
): Promise<OrganisationImpactView> {
  return {
    openRequests: impact.total,
    requests: await Promise.all(
      impact.requests.map(async ({ stored, steps }) => ({ request: await requestOf(ctx, stored.id), steps })),
    ),
    definitions: impact.definitions.map(({ definition: { key, version }, problems }) => ({
      key,
      version,
      problems: problems.map(({ message, example }) =>
        example === undefined ? message : `${message} (${example})`,
      ),
    })),
  };
}

@ObjectType({ description: 'Someone asked in a step.' })
export class SimulatedApproval {
  @Field(() => String, { description: 'Key of the step.' })
  step!: string;

  @Field(() => User, { description: 'Who.' })
  person!: User;
}

@ObjectType({ description: 'A request that would have gone another way.' })
export class SimulatedRequest {
  @Field(() => ApprovalRequest, { description: 'The request.' })
  request!: ApprovalRequest;

  @Field(() => [RouteDifferenceView], { description: 'Where the route differs, step by step.' })
  differences!: RouteDifferenceView[];

  @Field(() => [SimulatedApproval], { description: 'Approvals that would be asked for besides.' })
  added!: SimulatedApproval[];

  @Field(() => [SimulatedApproval], { description: 'Approvals that would not be asked for any more.' })
  dropped!: SimulatedApproval[];

  @Field(() => [String], { description: 'Keys of the steps that would be left with nobody.' })
  stranded!: readonly string[];
}

@ObjectType({ description: 'A request that could not be compared.' })
export class ExcludedRequest {
  @Field(() => ApprovalRequest, { description: 'The request.' })
  request!: ApprovalRequest;

  @Field(() => String, {
    description:
      'NO_PROCESS: no definition would apply; CONDITION_FAILED: a condition cannot be answered; REQUESTER_GONE.',
  })
  why!: string;
}

@ObjectType({ description: 'How many approvals a person is asked for over the requests compared.' })
export class SimulatedLoad {
  @Field(() => User, { description: 'Who.' })
  person!: User;

  @Field(() => Int, { description: 'As things are.' })
  before!: number;

  @Field(() => Int, { description: 'As tried out.' })
  after!: number;
}

@ObjectType({
  description: 'The submissions of a period under another definition or organisation. Nothing is written.',
})
export class ProcessSimulation {
  @Field(() => ID, { description: 'Key and version tried out, such as `contract-review@2`.' })
  candidate!: string;

  @Field(() => Instant, {
    description:
      'The organisation that both sides were asked in is that of this instant: it is not stored as it was in the period.',
  })
  organisationAsOf!: Date;

  @Field(() => Int, { description: 'Requests compared.' })
  compared!: number;

  @Field(() => [SimulatedRequest], { description: 'Those that would have gone another way, oldest first.' })
  changed!: SimulatedRequest[];

  @Field(() => [ExcludedRequest], { description: 'Those that could not be compared, and why.' })
  excluded!: ExcludedRequest[];

  @Field(() => [SimulatedLoad], { description: 'Load per person, the heaviest first.' })
  load!: SimulatedLoad[];

  @Field(() => Int, { description: 'Requests of the period beyond the bound of 2000, not simulated.' })
  leftOut!: number;
}

export async function simulationView(
  ctx: Context,
  simulated: {
    readonly definition: ProcessDefinition;
    readonly cases: readonly SimulatedCase[];
    readonly load: readonly { readonly personId: string; readonly before: number; readonly after: number }[];
    readonly leftOut: number;
  },
): Promise<ProcessSimulation> {
  const { definition, cases, load, leftOut } = simulated;
  const approvals = (list: readonly Approval[]): Promise<SimulatedApproval[]> =>
    Promise.all(list.map(async ({ step, personId }) => ({ step, person: await personById(ctx, personId) })));
  const compared = cases.filter((one) => one.kind === 'COMPARED');
  const changed = compared.filter(
    ({ differences, added, dropped, stranded }) =>
      differences.length + added.length + dropped.length + stranded.length > 0,
  );
  return {
    candidate: `${definition.key}@${definition.version}`,
    organisationAsOf: ctx.now,
    compared: compared.length,
    changed: await Promise.all(
      changed.map(async ({ requestId, differences, added, dropped, stranded }) => ({
        request: await requestOf(ctx, requestId),
        differences: await differencesView(ctx, ahead(differences)),
        added: await approvals(added),
        dropped: await approvals(dropped),
        stranded,
      })),
    ),
    excluded: await Promise.all(
      cases
        .filter((one) => one.kind === 'EXCLUDED')
        .map(async ({ requestId, why }) => ({ request: await requestOf(ctx, requestId), why })),
    ),
    load: await Promise.all(
      load.map(async ({ personId, before, after }) => ({
        person: await personById(ctx, personId),
        before,
        after,
      })),
    ),
    leftOut,
  };
}
