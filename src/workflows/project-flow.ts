import { refusal } from '../errors.js';
import {
  unmetDocuments,
  type DocumentRequirement,
  type ProjectTemplate,
  type StageTemplate,
} from './template-file.js';

export type StageState = 'NOT_STARTED' | 'STARTING' | 'RUNNING' | 'CLOSED';
export type Gate = 'START' | 'RESULT';

/** A document as the gates see it. Effective: approved and filed; one that still waits for its filing number is not. */
export interface StageDocument {
  readonly form: string;
  readonly gate: Gate | 'NONE';
  readonly effective: boolean;
}

export interface StageNow {
  readonly key: string;
  readonly status: StageState;
  readonly documents: readonly StageDocument[];
}

/** One thing that moves when a document has become effective. */
export type FlowMove =
  | { readonly type: 'STAGE_MOVED'; readonly stage: string; readonly to: 'STARTING' | 'RUNNING' | 'CLOSED' }
  | { readonly type: 'PROJECT_RUNNING' }
  | { readonly type: 'PROJECT_COMPLETED' };

/** A gate that lets nobody through yet, and what it waits for. */
export interface ClosedGate {
  readonly stage: string;
  readonly gate: Gate;
  readonly missing: readonly DocumentRequirement[];
}

/** What a gate of a stage still waits for; a gate that asks for nothing is open. */
export function missingAt(
  stage: StageTemplate,
  gate: Gate,
  documents: readonly StageDocument[],
): readonly DocumentRequirement[] {
  const filed = documents.filter((document) => document.gate === gate && document.effective);
  return unmetDocuments(
    gate === 'START' ? stage.start : stage.result,
    new Set(filed.map((document) => document.form)),
  );
}

/**
 * Everything that moves, in order, until nothing moves any more. Stages open one after another: a stage leaves
 * NOT_STARTED only when all before it are closed, so at most one is STARTING or RUNNING. Asked again on the result it
 * answers nothing.
 */
export function movesOf(template: ProjectTemplate, stages: readonly StageNow[]): readonly FlowMove[] {
  const moves: FlowMove[] = [];
  for (const [index, described] of template.stages.entries()) {
    const stage = stages.find(({ key }) => key === described.key);
    let status: StageState = stage?.status ?? 'NOT_STARTED';
    const documents = stage?.documents ?? [];
    const move = (to: 'STARTING' | 'RUNNING' | 'CLOSED'): void => {
      status = to;
      moves.push({ type: 'STAGE_MOVED', stage: described.key, to });
      if (to === 'RUNNING' && index === 0) moves.push({ type: 'PROJECT_RUNNING' });
      if (to === 'CLOSED' && index === template.stages.length - 1) moves.push({ type: 'PROJECT_COMPLETED' });
    };
    if (status === 'NOT_STARTED') move('STARTING');
    if (status === 'STARTING' && missingAt(described, 'START', documents).length === 0) move('RUNNING');
    if (status === 'RUNNING' && missingAt(described, 'RESULT', documents).length === 0) move('CLOSED');
    if (status !== 'CLOSED') break;
  }
  return moves;
}

/** The gate at which the project stands; null once every stage is closed. */
export function closedGateOf(template: ProjectTemplate, stages: readonly StageNow[]): ClosedGate | null {
  for (const described of template.stages) {
    const stage = stages.find(({ key }) => key === described.key);
    if (stage?.status === 'CLOSED') continue;
    const gate = stage?.status === 'RUNNING' ? 'RESULT' : 'START';
    return { stage: described.key, gate, missing: missingAt(described, gate, stage?.documents ?? []) };
  }
  return null;
}

/**
 * Lets a document of a gate be written or submitted only at its time: a start document while its stage is STARTING, a
 * result document while it is RUNNING; any other document of the stage from its opening to its closing.
 * @throws GATE_CLOSED naming the documents that the project waits for; BAD_USER_INPUT for a form the gate does not ask
 * for.
 */
export function requireGateOpen(
  template: ProjectTemplate,
  stages: readonly StageNow[],
  wanted: { readonly stage: string; readonly gate: Gate | 'NONE'; readonly form: string },
): void {
  const described = template.stages.find(({ key }) => key === wanted.stage);
  const status = stages.find(({ key }) => key === wanted.stage)?.status;
  if (!described || status === undefined) throw refusal('NOT_FOUND', { what: 'stage' });
  if (wanted.gate !== 'NONE') {
    const asked = wanted.gate === 'START' ? described.start : described.result;
    if (!asked.some(({ form }) => form === wanted.form)) {
      const rule = `one of ${asked.map(({ form }) => form).join(', ') || 'none: this gate asks for no document'}`;
      const reason = `form ${wanted.form} does not belong to this gate`;
      throw refusal('BAD_USER_INPUT', { reason, fields: [{ path: 'formKey', rule }] });
    }
  }
  if (isTime(wanted.gate, status)) return;
  const closed = closedGateOf(template, stages);
  const missing =
    status === 'CLOSED' || (wanted.gate === 'START' && status === 'RUNNING') ? [] : closed?.missing;
  throw refusal('GATE_CLOSED', {
    reason: reasonOf(wanted.gate, status, closed),
    stage: wanted.stage,
    gate: wanted.gate,
    missing: (missing ?? []).map(({ form, title }) => ({
      stage: closed?.stage,
      gate: closed?.gate,
      form,
      title: title.en,
    })),
  });
}

function isTime(gate: Gate | 'NONE', status: StageState): boolean {
  if (gate === 'START') return status === 'STARTING';
  if (gate === 'RESULT') return status === 'RUNNING';
  return status === 'STARTING' || status === 'RUNNING';
}

function reasonOf(gate: Gate | 'NONE', status: StageState, closed: ClosedGate | null): string {
  if (status === 'CLOSED') return 'the stage is closed';
  if (status === 'RUNNING' && gate === 'START') return 'the stage has started already';
  const forms = (closed?.missing ?? []).map(({ form }) => form).join(', ');
  const what = closed?.gate === 'RESULT' ? 'result' : 'start';
  return `the ${what} of stage ${closed?.stage} is not approved and filed: ${forms}`;
}
