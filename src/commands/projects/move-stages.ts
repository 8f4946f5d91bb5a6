import { unreachable } from '../../errors.js';
import { Project, ProjectStatus, StageStatus } from '../../entities/projects/project.js';
import { readStages } from '../../entities/projects/stage-rows.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import type { DomainEvent } from '../../workflows/events.js';
import { movesOf, type FlowMove } from '../../workflows/project-flow.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { tellOutside } from '../schedule/tell-outside.js';
import type { TransactionContext } from '../transaction.js';
import { stageActivity, stopWatching } from './stage-activity.js';

/** Puts moves of the core into the project and its stages. */
export function moveProject(project: Project, moves: readonly FlowMove[], now: Date): void {
  for (const move of moves) {
    if (move.type === 'PROJECT_RUNNING') project.status = ProjectStatus.RUNNING;
    else if (move.type === 'PROJECT_COMPLETED') project.status = ProjectStatus.COMPLETED;
    else {
      const stage = project.stages.find(({ key }) => key === move.stage);
      if (!stage) throw new Error(`project ${project.id} has no stage ${move.stage}`);
      stage.status = StageStatus[move.to];
      if (move.to === 'RUNNING') stage.startedAt = now;
      if (move.to === 'CLOSED') stage.closedAt = now;
    }
  }
}

/**
 * Opens and closes stages as far as the effective documents allow, in the caller's transaction, under the project's row
 * lock. A project that was put aside or ended moves no more. Asked twice it does nothing the second time.
 */
export async function moveStages(tx: TransactionContext, projectId: string): Promise<void> {
  await lockRecord(tx, 'project', projectId, null);
  await tx.em.flush();
  const project = await tx.em.findOneOrFail(Project, { id: projectId }, { populate: ['stages'] });
  if (project.status !== ProjectStatus.DRAFT && project.status !== ProjectStatus.RUNNING) return;
  const [found] = await readStages(tx.em, [projectId]);
  const moves = found ? movesOf(found.template, found.stages) : [];
  if (moves.length === 0) return;
  moveProject(project, moves, tx.now);
  touchRecord(project, null, tx.now);
  await anchorsMoved(tx, { kind: RecordKind.PROJECT, id: projectId });
  const closed = moves.flatMap((move) =>
    move.type === 'STAGE_MOVED' && move.to === 'CLOSED' ? [move.stage] : [],
  );
  await stopWatching(tx, projectId, closed);
  await stageActivity(tx, { projectId });
  await tellOutside(tx, () => eventsOfMoves(project, moves, tx.now));
}

/** At one instant a project moves once, so that the move and its time name the event. */
function eventsOfMoves({ id, number }: Project, moves: readonly FlowMove[], at: Date): DomainEvent[] {
  const about = { projectId: id, number };
  return moves.map((move) => {
    switch (move.type) {
      case 'STAGE_MOVED': {
        const { stage, to } = move;
        return {
          key: `${id}/stage/${stage}/${to}/${at.getTime()}`,
          type: 'project.stage.moved',
          at,
          data: { ...about, stage, to },
        };
      }
      case 'PROJECT_RUNNING':
        return { key: `${id}/running/${at.getTime()}`, type: 'project.running', at, data: about };
      case 'PROJECT_COMPLETED':
        return { key: `${id}/completed/${at.getTime()}`, type: 'project.completed', at, data: about };
      default:
        return unreachable(move);
    }
  });
}
