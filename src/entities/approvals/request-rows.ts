import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { readDb } from '../read-db.js';
import type { CarriedOver } from '../../workflows/carry-over.js';
import type { Localised, ProcessDefinition } from '../../workflows/process.js';
import type {
  AssignmentState,
  AttachedFile,
  HandOver,
  Interest,
  PlannedTimer,
  RequestState,
  StepChoice,
  StepState,
} from '../../workflows/request.js';

import type { PauseCause, QuestionState, Reader } from '../../workflows/verb-facts.js';

/** A request with all that belongs to it, as stored. Instants inside `steps` and `assignments` are ISO text. */
export interface StoredRequest {
  readonly id: string;
  readonly number: string;
  readonly processVersionId: string;
  readonly definition: ProcessDefinition;
  readonly chainHead: string;
  /** When its newest fact happened; null before the first. */
  readonly lastFactAt: Date | null;
  readonly subjectNumber: string;
  readonly purpose: string;
  /** Row ids of the assignments, by ordinal − 1. */
  readonly assignmentIds: readonly string[];
  /** Row ids of the steps, in the order of `state.steps`. */
  readonly stepIds: readonly string[];
  /** Titles of the steps reached, by key, as they were then; also of those that a later version does not have. */
  readonly stepTitles: ReadonlyMap<string, Localised>;
  readonly state: RequestState;
}

interface Row {
  id: string;
  number: string;
  process_version_id: string;
  subject_type: string;
  subject_id: string;
  subject_number: string;
  purpose: string;
  status: RequestState['status'];
  paused_at: string | null;
  pause_cause: PauseCause | null;
  contact_id: string | null;
  round: number;
  title: string;
  owner_id: string;
  department_id: string | null;
  requester_id: string;
  content: Record<string, unknown>;
  digest: string;
  submitted_at: string;
  ended_at: string | null;
  returned_by_id: string | null;
  last_nudged_at: string | null;
  expires_at: string | null;
  fact_count: number;
  choices: StepChoice[];
  carried_over: CarriedOver | null;
  attachments: AttachedFile[];
  chain_head: string;
  last_fact_at: string | null;
  steps: StepRow[];
  assignments: AssignmentRow[];
  interests: Interest[];
  questions: QuestionRow[];
  readers: Reader[];
}

interface QuestionRow {
  number: number;
  step_key: string;
  round: number;
  attempt: number;
  ordinal: number;
  asked_by_id: string;
  asked_of_id: string;
  question: string;
  stops_clock: boolean;
  status: QuestionState['status'];
  asked_at: string;
  answer: string | null;
  answered_at: string | null;
}

interface StepRow {
  id: string;
  title_en: string;
  title_zh: string;
  key: string;
  round: number;
  attempt: number;
  status: StepState['status'];
  opened_at: string;
  due_at: string | null;
  closed_at: string | null;
  reason: string | null;
  rung: number;
  timers: { kind: PlannedTimer['kind']; index: number; at: string }[];
  clock_stopped_at: string | null;
  calendar_key: string | null;
}

interface AssignmentRow {
  id: string;
  ordinal: number;
  step_key: string;
  round: number;
  attempt: number;
  person_id: string;
  status: AssignmentState['status'];
  rule: string;
  ballot_group: string | null;
  weight: number;
  veto: boolean;
  required: boolean;
  position: number;
  waits_for: number | null;
  hand_over_kind: HandOver['kind'] | null;
  hand_over_from_id: string | null;
  previous_ordinal: number | null;
  added_by_id: string | null;
  opened_at: string | null;
  due_at: string | null;
  decided_at: string | null;
  decided_by_id: string | null;
  comment: string | null;
  evidence: string | null;
  reason: string | null;
  pool: string | null;
  claimed_at: string | null;
}

/** Named one by one, so that a connection may keep the statement prepared whatever a newer version adds. */
const COLUMNS = [
  'r.id',
  'r.number',
  'r.process_version_id',
  'r.subject_type',
  'r.subject_id',
  'r.subject_number',
  'r.purpose',
  'r.status',
  'r.paused_at',
  'r.round',
  'r.title',
  'r.owner_id',
  'r.department_id',
  'r.requester_id',
  'r.content',
  'r.digest',
  'r.submitted_at',
  'r.ended_at',
  'r.returned_by_id',
  'r.last_nudged_at',
  'r.expires_at',
  'r.fact_count',
  'r.chain_head',
  'r.choices',
  'r.carried_over',
  'r.attachments',
  'r.pause_cause',
  'r.contact_id',
] as const;

/** Requests by id, whole, in one statement. Lock the row first (in a statement of its own) to decide on it. */
export async function readRequests(em: EntityManager, ids: readonly string[]): Promise<StoredRequest[]> {
  if (ids.length === 0) return [];
  const rows = (await readDb(em)
    .selectFrom('approval_request as r')
    .select([
      ...COLUMNS,
      sql<
        StepRow[]
      >`coalesce((select json_agg(s order by s.ordinal) from approval_step s where s.request_id = r.id), '[]')`.as(
        'steps',
      ),
      sql<
        AssignmentRow[]
      >`coalesce((select json_agg(a order by a.ordinal) from approval_assignment a where a.request_id = r.id), '[]')`.as(
        'assignments',
      ),
      sql<
        Interest[]
      >`coalesce((select json_agg(json_build_object('personId', i.person_id, 'because', i.because) order by i.position, i.id)
        from approval_interest i where i.request_id = r.id and not i.lapsed), '[]')`.as('interests'),
      sql<
        string | null
      >`(select e.at from approval_event e where e.request_id = r.id and e.sequence = r.fact_count)`.as(
        'last_fact_at',
      ),
      sql<
        QuestionRow[]
      >`coalesce((select json_agg(q order by q.number) from approval_question q where q.request_id = r.id), '[]')`.as(
        'questions',
      ),
      sql<
        Reader[]
      >`coalesce((select json_agg(json_build_object('personId', p.person_id, 'addedById', p.added_by_id) order by p.id)
        from approval_reader p where p.request_id = r.id), '[]')`.as('readers'),
    ])
    .where('r.id', 'in', ids)
    .execute()) as unknown as Row[];
  const definitions = await definitionsOf(em, [...new Set(rows.map((row) => row.process_version_id))]);
  return rows.map((row) => toStored(row, definitions.get(row.process_version_id) as ProcessDefinition));
}

/** Published versions never change, so they are kept for the life of the process. */
const definitions = new Map<string, ProcessDefinition>();

export async function definitionsOf(
  em: EntityManager,
  versionIds: readonly string[],
): Promise<ReadonlyMap<string, ProcessDefinition>> {
  const missing = versionIds.filter((id) => !definitions.has(id));
  if (missing.length > 0) {
    const rows = await readDb(em)
      .selectFrom('process_version')
      .select(['id', 'definition', 'status'])
      .where('id', 'in', missing)
      .execute();
    for (const row of rows) {
      if (row.status === 'DRAFT')
        throw new Error(`process version ${row.id} is a draft and cannot be in use`);
      definitions.set(row.id, row.definition as unknown as ProcessDefinition);
    }
  }
  return definitions;
}

const instant = (text: string | null): Date | null => (text === null ? null : new Date(text));

function toStored(row: Row, definition: ProcessDefinition): StoredRequest {
  return {
    id: row.id,
    number: row.number,
    processVersionId: row.process_version_id,
    definition,
    chainHead: row.chain_head,
    lastFactAt: instant(row.last_fact_at),
    subjectNumber: row.subject_number,
    purpose: row.purpose,
    assignmentIds: row.assignments.map((assignment) => assignment.id),
    stepIds: row.steps.map((step) => step.id),
    stepTitles: new Map(row.steps.map((step) => [step.key, { en: step.title_en, zh: step.title_zh }])),
    state: {
      id: row.id,
      definition,
      status: row.status,
      pausedAt: instant(row.paused_at),
      pauseCause: row.pause_cause,
      round: row.round,
      requesterId: row.requester_id,
      contactId: row.contact_id,
      submittedAt: new Date(row.submitted_at),
      endedAt: instant(row.ended_at),
      subject: {
        type: row.subject_type,
        id: row.subject_id,
        title: row.title,
        ownerId: row.owner_id,
        departmentId: row.department_id,
        content: row.content,
        digest: row.digest,
      },
      interests: row.interests,
      steps: row.steps.map(toStep),
      assignments: row.assignments.map(toAssignment),
      returnedById: row.returned_by_id,
      lastNudgedAt: instant(row.last_nudged_at),
      expiresAt: instant(row.expires_at),
      questions: row.questions.map(toQuestion),
      readers: row.readers,
      choices: row.choices,
      carriedOver: row.carried_over,
      attachments: row.attachments,
      factCount: row.fact_count,
    },
  };
}

const toStep = (row: StepRow): StepState => ({
  key: row.key,
  round: row.round,
  attempt: row.attempt,
  status: row.status,
  openedAt: new Date(row.opened_at),
  dueAt: instant(row.due_at),
  closedAt: instant(row.closed_at),
  reason: row.reason,
  rung: row.rung,
  timers: row.timers.map(({ kind, index, at }) => ({ kind, index, at: new Date(at) })),
  clockStoppedAt: instant(row.clock_stopped_at),
  calendarKey: row.calendar_key,
});

const toQuestion = (row: QuestionRow): QuestionState => ({
  number: row.number,
  stepKey: row.step_key,
  round: row.round,
  attempt: row.attempt,
  ordinal: row.ordinal,
  askedById: row.asked_by_id,
  askedOfId: row.asked_of_id,
  question: row.question,
  stopsClock: row.stops_clock,
  status: row.status,
  askedAt: new Date(row.asked_at),
  answer: row.answer,
  answeredAt: instant(row.answered_at),
});

const toAssignment = (row: AssignmentRow): AssignmentState => ({
  ordinal: row.ordinal,
  stepKey: row.step_key,
  round: row.round,
  attempt: row.attempt,
  personId: row.person_id,
  status: row.status,
  rule: row.rule,
  group: row.ballot_group,
  weight: row.weight,
  veto: row.veto,
  required: row.required,
  position: row.position,
  waitsFor: row.waits_for,
  handOver:
    row.hand_over_kind === null
      ? null
      : { kind: row.hand_over_kind, fromPersonId: row.hand_over_from_id as string },
  previousOrdinal: row.previous_ordinal,
  addedById: row.added_by_id,
  openedAt: instant(row.opened_at),
  dueAt: instant(row.due_at),
  decidedAt: instant(row.decided_at),
  decidedById: row.decided_by_id,
  comment: row.comment,
  evidence: row.evidence,
  reason: row.reason,
  pool: row.pool,
  claimedAt: instant(row.claimed_at),
});
