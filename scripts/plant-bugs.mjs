// Shows that the tests of the core see its bugs: plants one bug at a time into a copy of the compiled core, runs the
// core's unit and property tests on it, and says which bugs were caught. All must be; one that is missed, or whose
// place can't be found any more, ends the run with 1. Needs `npm run build:all`; leaves `build` alone.
//
//   node scripts/plant-bugs.mjs [words of a rule]     only the bugs whose rule or file has these words
//   FC_RUNS=300                                       generated scripts for each bug (default 250)
//   PLANT_WORKERS=2                                   bugs tried at once
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const RUNS = process.env.FC_RUNS ?? '250';
const WORKERS = Number(process.env.PLANT_WORKERS ?? 2);

/** File of src/workflows · what stands there once · what is planted · the rule it breaks. */
const BUGS = [
  // 1 · an ended request never changes, has nothing open and no live timer
  ['flow.js', "closeOpenSteps(draft, 'CANCELLED', `REQUEST_${outcome}`);", '', 'ending closes everything'],
  ['flow.js', "closeOpenSteps(draft, 'RETURNED', 'RETURNED');", '', 'returning closes everything'],
  [
    'flow.js',
    "state?.status !== 'OPEN' && state?.status !== 'BLOCKED'",
    "state?.status !== 'OPEN'",
    'ending closes blocked steps',
  ],
  [
    'permit-verbs.js',
    "throw refusal('REQUEST_ENDED', { status: request.status });\n    if (request.status === 'RETURNED')",
    ";\n    if (request.status === 'RETURNED')",
    'an ended request is refused',
  ],
  [
    'effects.js',
    "? [{ type: 'CANCEL_TIMERS', step: fact.step, round }]",
    '? []',
    'a closed step has no timers',
  ],
  ['effects.js', "{ type: 'SUBJECT', event: fact.outcome },", '', 'the subject hears of the outcome'],
  [
    'ladder.js',
    'anchor = dueAt(calendar, anchor, after);',
    'dueAt(calendar, anchor, after);',
    'a rung comes after the one below',
  ],
  ['ladder.js', "kind === 'rung' || at > since", 'true', 'no reminder in the past'],

  // due times follow the calendars, as if these had always been so; what has acted stays so
  [
    'reckon.js',
    'stops.reduce((moved, { from, to }) => movedBy(moved, from, to, counted, calendar), at)',
    'at',
    'a clock that stood still is reckoned with its stops',
  ],
  ['reckon.js', 'isIn(step.timers, timer) ||', 'true ||', 'what has acted is not set again'],
  ['reckon.js', 'at > stop.from ?', 'true ?', 'a due time missed before a stop stays missed'],
  ['reckon.js', ', step.openedAt, world)', ', world.now, world)', 'a due time is reckoned from the opening'],
  ['clock.js', 'Number(next.dueAt) < Number(first.dueAt)', 'false', 'the calendar by which it is due first'],
  [
    'clock.js',
    'world.calendarOf(step.calendarKey ?? definition.calendar)',
    'world.calendarOf(definition.calendar)',
    'a step goes on by the calendar that it runs by',
  ],
  ['evolve-verbs.js', 'calendarKey: fact.calendar', 'rung: 0', 'a step keeps which calendar it runs by'],
  ['effects-verbs.js', '...(stopped ? [] :', '...(false ? [] :', 'a clock that stands still sets no timer'],
  [
    'holiday-import.js',
    'mark.source !== source || !sameDay(kept, mark)',
    'mark.source !== source',
    'an import keeps what was changed by hand',
  ],
  ['holiday-import.js', ': kept !== null) {', ': false) {', 'an import keeps what was entered by hand'],

  // 2 · a pending request waits for someone, or is recorded as blocked
  [
    'flow.js',
    "if (outcome === 'APPROVED')\n        return advance(draft);",
    "if (outcome === 'APPROVED')\n        return;",
    'an approved step opens the next',
  ],
  [
    'flow.js',
    "return moves.every((move) => move === 'done')",
    "return moves.some((move) => move === 'done')",
    'all branches must end',
  ],
  [
    'open-step.js',
    "return outcomeOf(step.formula, ballots) === 'UNDECIDABLE' ? 'UNDECIDABLE' : null;",
    'return null;',
    'too few people block',
  ],
  [
    'open-step.js',
    "problem === 'NOBODY' && node.onNobody === 'skip'",
    "node.onNobody === 'skip'",
    'only nobody is skipped',
  ],
  [
    'open-step.js',
    'return { ...instead, exclusions: [...found.exclusions, ...instead.exclusions] };',
    'return { ...instead, blockedBy: null };',
    'the other rule is no way around a block',
  ],
  [
    'request.js',
    "return node.kind === 'advise' || step.status === 'APPROVED'",
    "return step.status === 'APPROVED'",
    'an opinion blocks nothing',
  ],
  ['flow.js', 'if (before && isLive(before))\n        return false;', '', 'whoever waits, waits'],
  [
    'flow.js',
    '!siblings.some((other) => isLive(other) && other.position < position)',
    'true',
    'ordered means in order',
  ],
  [
    'patch.js',
    'assignment.waitsFor === ordinal && assignment.ordinal !== successor.ordinal',
    'false',
    'whoever waited waits for the successor',
  ],

  // 3 · nobody decides what is not theirs
  ['permit.js', 'if (assignment.personId !== by)', 'if (!by)', 'only the person asked decides'],
  [
    'permit.js',
    "if (assignment.status !== 'OPEN')",
    "if (assignment.status === 'WAITING')",
    'only an open turn is decided',
  ],
  ['permit.js', 'if (by !== contactOf(request))', 'if (!by)', 'only the requester withdraws'],
  ['permit.js', "file: ['FILE'],", "file: ['FILE', 'REJECT'],", 'a clerk rejects nothing'],
  [
    'permit.js',
    "ballot !== undefined && !ballot.required && ballot.verdict !== 'ABSTAIN'",
    'ballot !== undefined',
    'the last one may not abstain',
  ],
  [
    'permit.js',
    "assignment.handOver?.kind === 'CONFIRMATION' ? 'it came back from a delegate' : null",
    'null',
    'a confirmation is not delegated again',
  ],
  ['hand-over.js', 'requireNotAsked(draft, assignment, toPersonId);', '', 'nobody is asked twice in a step'],
  [
    'hand-over.js',
    "if (kind === 'CONFIRMATION')\n            answered += 1;",
    "if (kind === 'CONFIRMATION')\n            return null;",
    'a chain of delegates answers back all along',
  ],
  ['hand-over.js', 'previousOrdinal: from.ordinal,', 'previousOrdinal: null,', 'a hand-over is linked'],
  [
    'decide.js',
    "if (answersToDelegator(draft.request, step, assignment))\n        return answerToDelegator(draft, step, assignment, 'RETURNED', comment);",
    '',
    'a delegate returns nothing by himself',
  ],

  // 4 · no counted decision by a person with an interest, or barred
  [
    'request.js',
    'return found[0] ?? null;',
    "return found.find((entry) => entry.because === 'REQUESTER') ?? null;",
    'every interest counts',
  ],
  [
    'request.js',
    "return found.find((entry) => entry.because !== 'HAND_OVER') ?? null;",
    'return null;',
    'allow lifts the requester only',
  ],
  [
    'request.js',
    "if (request.definition.interest === 'allow')\n        return null;",
    '',
    'interest allow is heard',
  ],
  [
    'resolve-approvers.js',
    'if (barrierTo(request, step, personId) !== null)\n        return { personId, handOver: null };',
    '',
    'nobody stands in for the interested',
  ],
  [
    'resolve-approvers.js',
    '!away && barrierTo(request, step, next) === null',
    '!away',
    'a substitute has no interest',
  ],
  [
    'resolve-approvers.js',
    'if (barrierTo(request, step, present.personId) === null)',
    'if (present)',
    'the manager instead has no interest',
  ],
  [
    'resolve-approvers.js',
    'step.neverSameAs.includes(assignment.stepKey) &&',
    'false &&',
    'never the same as an earlier decider',
  ],
  [
    'permit.js',
    'if (barrierTo(request, step, by) === null)',
    'if (by)',
    'never the same, asked again at the decision',
  ],
  [
    'hand-over.js',
    'requireUntangled(draft.request, assignment, toPersonId, interests);',
    '',
    'a shared interest spoils no vote',
  ],
  [
    'hand-over.js',
    'requireEligible(draft.request, step, toPersonId, draft.world);',
    '',
    'no hand-over to the interested',
  ],
  [
    'hand-over.js',
    'requireEligible(draft.request, step, personId, draft.world);',
    '',
    'no interested approver is added',
  ],
  [
    'shared-interest.js',
    "return [{ personId: hasInterest(request, from) ? to : from, because: 'HAND_OVER' }];",
    'return [];',
    'a hand-over shares the interest',
  ],
  [
    'decide.js',
    'const interests = withRequester(by, command.interests);',
    'const { interests } = command;',
    'the requester has an interest',
  ],
  [
    'decide.js',
    '[...command.interests, ...shared]',
    '[...command.interests]',
    'a shared interest outlives the round',
  ],
  [
    'resubmission.js',
    '.filter((step) => !restsOnInterest(after, step))',
    '',
    'no interested approval carries',
  ],
  [
    'escalate.js',
    'asked.length > 0 ?',
    'asked.length > 9 ?',
    'who waits for an answer is not chased, whoever owes it is',
  ],
  ['escalate.js', '.filter((candidate) => !asked.has(candidate.personId))', '', 'a rung asks nobody twice'],

  // 5 · a step is decided once, by its formula
  [
    'formula.js',
    "if (gates.some((gate) => gate.verdict === 'REJECT'))\n        return 'REJECTED';",
    '',
    'a gate that rejects decides',
  ],
  ['formula.js', '!gatesOpen && isApproved', 'isApproved', 'no approval past an open gate'],
  ['formula.js', 'ballots.filter((ballot) => !ballot.required)', 'ballots', 'a gate is no operand'],
  [
    'formula.js',
    "operands.filter((ballot) => ballot.verdict !== 'ABSTAIN')",
    'operands',
    'abstentions leave the count',
  ],
  [
    'formula.js',
    'rejections.length * 2 > counted.length',
    'rejections.length * 2 >= counted.length',
    'a majority is more than half',
  ],
  [
    'formula.js',
    "if (rule === 'veto')\n        return rejections.length > 0;",
    "if (rule === 'veto')\n        return rejections.length > 1;",
    'the first rejection decides',
  ],
  [
    'formula.js',
    'rejections.some((ballot) => ballot.veto)',
    'rejections.length > 0',
    'only veto holders veto',
  ],
  [
    'formula.js',
    'sum(rejections) >= rule.weightedNo',
    'sum(rejections) > rule.weightedNo',
    'the weight of the no',
  ],
  ['formula.js', 'approvals.length >= formula.m', 'approvals.length > formula.m', 'm of n'],
  [
    'formula.js',
    'approvals.length * 100 >= formula.percent * counted.length',
    'approvals.length * 100 > formula.percent * counted.length',
    'a ratio is reached, not passed',
  ],
  [
    'formula.js',
    'sum(approvals) >= formula.threshold',
    'approvals.length >= formula.threshold',
    'weights weigh',
  ],
  ['formula.js', '[...groupsOf(operands)].every', '[...groupsOf(counted)].every', 'one of each group'],
  [
    'formula.js',
    'if (isApproved(formula, operands, counted, best))\n        return null;',
    'return null;',
    'out of reach ends early',
  ],
  [
    'request.js',
    'return reason === STEP_DECIDED ? null : undefined;',
    'return undefined;',
    'a closed step can be computed again',
  ],
  ['request.js', "case 'CONFIRMED':\n        case 'FILED':", "case 'CONFIRMED':", 'filing is a yes'],
  [
    'escalate.js',
    'return outcomeOf(step.formula, [...kept, ...added]) === null;',
    'return true;',
    'a machine lowers no quorum',
  ],
  [
    'escalate.js',
    'isLive(assignment) && assignment.openedAt !== null',
    'isLive(assignment)',
    'only the late are replaced',
  ],
  ['escalate.js', 'replaced.every((old) => old.required)', 'false', 'the ladder keeps a gate'],
  [
    'hand-over.js',
    "required: position !== 'BESIDE' || assignment.required,",
    'required: false,',
    'before and after are gates',
  ],
  [
    'hand-over.js',
    "waitsFor: position === 'AFTER' ? ordinal : null,",
    'waitsFor: null,',
    'after comes after',
  ],
  [
    'hand-over.js',
    "const suspended = position === 'BEFORE' ? ordinal : null;",
    'const suspended = null;',
    'before comes before',
  ],

  // 6 · facts replayed give the state; timers and rungs are safe to deliver twice
  ['escalate.js', 'index <= command.index', 'index < 99', 'a timer climbs no higher than its rung'],
  [
    'escalate.js',
    'liveStep(draft, command)?.state.rung ?? Number',
    'command.index ?? Number',
    'no rung acts twice',
  ],
  ['escalate.js', 'state.attempt !== command.attempt', 'false', 'a timer of an old attempt is stale'],
  ['escalate.js', 'request.round !== command.round', 'false', 'a timer of an old round is stale'],
  [
    'evolve.js',
    'status: fact.outcome, endedAt: fact.at, pausedAt: null',
    'status: fact.outcome, pausedAt: null',
    'the end has its time',
  ],
  ['evolve.js', 'rung: fact.rung,', '', 'a rung is remembered'],
  [
    'evolve.js',
    'rung: fact.rung,\n                timers,',
    'rung: fact.rung,',
    'a rung that has acted is not set again',
  ],
  [
    'evolve.js',
    'interests: mergeInterests(request.interests, fact.interests)',
    'interests: request.interests',
    'the hand-over changes the interests',
  ],
  ['decide.js', 'if (factCount > 0)', 'if (factCount > 9999)', 'one submission'],

  // flow, routing and policies
  ['route.js', 'height === 0 ? index : index + 1', 'index', 'a return leaves sibling branches alone'],
  ['flow.js', '...ended.toReversed(), ', '', 'a return enters an ended parallel again'],
  [
    'route.js',
    '[...nodesOf(list.slice(0, index))]',
    '[...nodesOf(list.slice(0, index + 1))]',
    'earlier means before',
  ],
  ['open-step.js', ' || wasReturned(request, step.key)', '', 'nothing carries into a returned step'],
  [
    'open-step.js',
    'assignment.round !== request.round || assignment.personId !== personId',
    'assignment.personId !== personId',
    'an approval carries within its round',
  ],
  [
    'open-step.js',
    '(adjacent !== undefined && assignment.stepKey !== adjacent)',
    'false',
    'adjacent means adjacent',
  ],
  [
    'depends-on.js',
    'if (step.dependsOn.length === 0)\n        return true;',
    'if (step.dependsOn.length === 0)\n        return false;',
    'an approval depends on all fields by default',
  ],
  ['depends-on.js', 'changed.some((field) => fields.has(field))', 'false', 'a touched field is asked again'],
  ['depends-on.js', 'if (changed.length === 0)\n        return false;', '', 'nothing changed voids nothing'],
  [
    'depends-on.js',
    '...fieldsOfRules(step, definition)',
    '',
    'a field that finds the approvers is one that the approval rests on',
  ],
  [
    'carry-over.js',
    "if (voided.includes(from))\n        return 'VOID';",
    '',
    'a void approval does not carry',
  ],
  [
    'carry-over.js',
    "return people.some((personId) => interestOf(request, step, personId) !== null) ? 'INTEREST' : null;",
    'return null;',
    'no interested approval carries over',
  ],
  [
    'carry-over.js',
    "carry.because === 'FOLLOW_UP' && step.kind !== 'approve'",
    'false',
    'only approvals carry to a follow-up',
  ],
  ['carry-over.js', 'if (shared)', 'if (!shared && !one)', 'what is kept apart stays apart when it carries'],
  ['carry-over.js', 'return asks(one) === asks(other);', 'return true;', 'a redefined step is asked anew'],
  [
    'carry-over.js',
    '...votes.flatMap((vote) => peopleBehind(request, vote)), ...before',
    '...votes.map((vote) => vote.personId)',
    'a carried approval remembers in whose name',
  ],
  [
    'resolve-approvers.js',
    'decided || standsApart(request, step, personId)',
    'decided',
    'who stands for a later step does not decide the earlier one',
  ],
  [
    'carry-bounds.js',
    'return amountIn(content, field) <= amountIn(approved, field);',
    'return amountIn(content, field) <= amountIn(approved, field) + 1n;',
    'an amount is inside to the cent',
  ],
  ['carry-bounds.js', 'total(given) > total(offered)', 'false', 'no more pieces than were approved'],
  ['needs.js', "needs.push('ATTACHMENT');", '', 'a demanded file is given'],
  [
    'resubmission.js',
    ' && conditionHolds(after, step.when, world)',
    '',
    'a touched condition is asked again',
  ],
  [
    'resolve-approvers.js',
    "if (!person.active)\n        return { excluded: 'INACTIVE' };",
    '',
    'leavers are left out',
  ],
  [
    'resolve-approvers.js',
    'managersOf(organisation, source)[rule.up - 1]',
    'managersOf(organisation, source)[rule.up]',
    'the direct manager is one up',
  ],
  [
    'resolve-approvers.js',
    'if (holders.some((id) => organisation.people.get(id)?.active))',
    'if (holders)',
    'the nearest department that has one',
  ],
  ['organisation.js', 'grant.until === null || now < grant.until', 'true', 'a role ends'],
  ['organisation.js', 'now < absence.until &&', 'now <= absence.until &&', 'an absence ends'],
  [
    'organisation.js',
    'absence.processKeys.length === 0 || absence.processKeys.includes(key)',
    'true',
    'an absence has its processes',
  ],
  [
    'permit.js',
    '< NUDGE_INTERVAL_MINUTES * 60_000',
    '< NUDGE_INTERVAL_MINUTES * 1_000',
    'nudges are throttled',
  ],
  [
    'permit.js',
    "assignment.status !== 'ADVISED' &&\n            assignment.reason",
    'assignment.reason',
    'an opinion is no decision',
  ],
  [
    'decide.js',
    "if (command.action === 'CONFIRM' && !command.evidence)",
    'if (!command.action)',
    'a confirmation has evidence',
  ],
  ['needs.js', "needs.push('COMMENT');", '', 'a demanded comment is given'],
  [
    'effects.js',
    ".filter(({ ordinal }) => after.assignments[ordinal - 1]?.status === 'OPEN')",
    '',
    'nobody is told of a turn already gone',
  ],

  // What people do while it runs
  ['clock.js', 'if (isHeld(request, step))\n            continue;', '', 'a clock waits for its question'],
  [
    'clock.js',
    'timers: step.timers.map((timer) => ({ ...timer, at: move(timer.at) })),',
    'timers: step.timers,',
    'a restarted clock moves what was due',
  ],
  [
    'clock.js',
    "counted === 'business'\n        ? businessMillisBetween(calendar, stoppedAt, at)\n        :",
    '',
    'working time is moved in working time',
  ],
  ['clock.js', 'if (left <= 0)\n        return now;', '', 'what was due acts at once'],
  [
    'effects-verbs.js',
    "fact.stopsClock ? [{ type: 'CANCEL_TIMERS', step: fact.step, round }] : []",
    '[]',
    'a question stops the timers',
  ],
  ['talk.js', 'if (asked === by)', "if (asked === '')", 'nobody asks themself'],
  [
    'talk.js',
    "stopsClock: step.onQuestion === 'pause',",
    'stopsClock: true,',
    'the clock runs on where the definition says so',
  ],
  ['permit-verbs.js', 'if (question.askedOfId !== by)', 'if (!by)', 'only the one asked answers'],
  [
    'evolve-verbs.js',
    "request.assignments[ordinal - 1]?.status !== 'OPEN'",
    'false',
    'a question lapses with its asker',
  ],
  ['effects-verbs.js', "{ type: 'CANCEL_TIMERS', step: null, round },", '', 'a pause stops the timers'],
  [
    'permit-verbs.js',
    "if (request.pausedAt !== null)\n        throw refusal('REQUEST_PAUSED');",
    '',
    'nobody decides while it is paused',
  ],
  [
    'permit-verbs.js',
    "if (request.pausedAt === null)\n                throw refusal('REQUEST_NOT_PAUSED');",
    '',
    'only what is paused resumes',
  ],
  ['escalate.js', '|| state.clockStoppedAt !== null', '', 'a timer of a stopped clock is stale'],
  [
    'decide.js',
    'expiresAt === null || draft.world.now < expiresAt',
    'expiresAt === null',
    'nothing expires early',
  ],
  ['clock.js', 'expiresAt === null || pausedAt === null', 'true', 'a pause moves the expiry'],
  [
    'evolve-verbs.js',
    'readers: [...request.readers, ...fresh.map',
    'readers: [...fresh.map',
    'readers are only added',
  ],
  ['permit-verbs.js', 'if (!isOnRequest(request, by))', 'if (!by)', 'words are for those who take part'],
  [
    'talk.js',
    'if (!isOnRequest(draft.request, personId))\n            throw',
    'if (!personId)\n            throw',
    'a mention is for those who take part',
  ],
  [
    'permit-verbs.js',
    'if (after.some((one) => hasActed(request, one)))',
    'if (after.length > 9999)',
    'no taking back past one of the same step',
  ],
  [
    'permit-verbs.js',
    'for (const next of later)\n        requireUntouched(request, next);',
    '',
    'no taking back past a later step',
  ],
  ['revoke.js', "cancelLive(draft, later, 'REVOKED');", '', 'what was opened is let go'],
  [
    'revoke.js',
    "emit(draft, { type: 'REVOKED', step: step.key, ordinal, by, comment, waiting });",
    "emit(draft, { type: 'REVOKED', step: step.key, ordinal, by, comment, waiting: [] });",
    'those let go are asked again',
  ],
  [
    'revoke.js',
    '[...entered.toReversed(), ...undone]',
    '[...undone]',
    'taking back enters an ended parallel again',
  ],
  ['evolve-verbs.js', 'decidedById: null,', '', 'a decision taken back is gone'],
  [
    'permit-verbs.js',
    'if (assignment.addedById !== by)',
    'if (assignment.addedById === null)',
    'only who added removes',
  ],
  [
    'revoke.js',
    "emit(draft, { type: 'APPROVER_REMOVED', step: step.key, ordinal, by, comment });\n    settle(draft, step);",
    "emit(draft, { type: 'APPROVER_REMOVED', step: step.key, ordinal, by, comment });",
    'removal is settled by the formula',
  ],
  ['amend.js', 'if (fields.length > 0)', 'if (fields.length > 9999)', 'only editable fields are amended'],
  ['amend.js', 'requireSameRoute(request, subject, world);', '', 'an amendment leads around nothing'],
  ['amend.js', 'return voted && depends &&', 'return voted &&', 'only dependent approvals are touched'],
  [
    'evolve-verbs.js',
    'return { ...request, subject: fact.subject };',
    'return request;',
    'an amendment moves the digest',
  ],
  ['override.js', 'if (toPersonId === by) {', "if (toPersonId === '') {", 'who overrides takes nothing over'],
  [
    'override.js',
    'requireEligible(draft.request, step, toPersonId, draft.world);',
    '',
    'an override asks only who could be asked',
  ],
  [
    'permit-verbs.js',
    "throw refusal('INTERESTED_PERSON', { because: interest.because });",
    ';',
    'the interested override nothing',
  ],
  ['override.js', 'requireNotAsked(draft, assignment, toPersonId);', '', 'an override asks nobody twice'],
  [
    'override.js',
    "if (draft.request.status === 'APPROVED' && !isApprovedBySomebody(draft.request))",
    "if (draft.request.status === 'EXPIRED')",
    'an override approves for nobody',
  ],
  [
    'override.js',
    "if (!comment)\n        throw refusal('COMMENT_REQUIRED');",
    '',
    'an override has a reason',
  ],
  [
    'decide.js',
    'now.getTime() - signedInAt.getTime() <= minutes * 60_000',
    'now.getTime() - signedInAt.getTime() <= minutes * 600_000',
    'a fresh sign-in is fresh',
  ],

  // approver rules
  [
    'choices.js',
    'requireChoosable(request, demand, personId,',
    'void (request, demand, personId,',
    'a choice is of people who may be chosen',
  ],
  ['choices.js', 'if (willBeAsked(request, step, world))', 'if (false)', 'a choice that is needed is made'],
  [
    'decide.js',
    "if (command.action === 'APPROVE' && isApproved(draft.request, step))",
    'if (false)',
    'the previous approver chooses before the step closes',
  ],
  [
    'choices.js',
    'if (chosen.length < min || chosen.length > max)',
    'if (chosen.length < min)',
    'no more are chosen than asked for',
  ],
  [
    'resolve-approvers.js',
    'return [...(organisation.groups?.get(rule.key) ?? [])];',
    'return [];',
    'a group asks its members',
  ],
  [
    'people-expression.js',
    "text.includes('@') ? (idOf(organisation, text) ?? text) : text",
    'text',
    'an expression names people by their address',
  ],
  ['authority.js', 'value < below', 'value <= below', 'a band ends below its bound'],
  ['authority.js', 'isIn(level, row.level) &&\n        Object', 'Object', 'authority depends on the level'],
  ['request.js', 'if (pools.has(assignment.pool))\n            return [];', '', 'a pool is one ballot'],
  [
    'claim.js',
    "emit(draft, { type: 'ASSIGNMENT_CLOSED', ordinal, status: 'SKIPPED', reason: 'TAKEN_FROM_POOL' });",
    'void ordinal;',
    'a decided pool asks nobody any more',
  ],
  [
    'evolve.js',
    "status: 'WAITING',\n                waitsFor: fact.ordinal,",
    'waitsFor: fact.ordinal,',
    'what is claimed is nobody else’s',
  ],
  ['permit.js', "'AMEND', 'CLAIM']", "'AMEND']", 'nobody with an interest claims'],
  ['resolve-approvers.js', 'loadOf(a) - loadOf(b)', 'loadOf(b) - loadOf(a)', 'the least loaded is asked'],
  ['resolve-approvers.js', 'world.load?.get(personId) ?? 0', '0', 'turns in other requests count as load'],
  [
    'open-step.js',
    'const place = pool === null ? index',
    'const place = pool !== undefined ? index',
    'a pool stands in one place of the queue',
  ],

  // absence and leavers
  [
    'absence.js',
    'if (isOnStep(request, assignment, personId))\n        return false;',
    '',
    'a substitute is not asked twice in a step',
  ],
  [
    'absence.js',
    "status: assignment.status === 'WAITING' ? 'WAITING' : 'OPEN',",
    "status: 'OPEN',",
    'a turn still to come stays one',
  ],
  ['absence.js', '|| isTouched(draft.request, assignment)', '', 'what was touched does not come back'],
  [
    'absence.js',
    'if (absenceOf(organisation, personId, draft.request.definition, now))\n        return;',
    '',
    'nothing comes back to who is away',
  ],
  [
    'absence.js',
    'if (barrierTo(request, step, successorId) !== null)',
    'if (false)',
    'a successor has no interest',
  ],
  [
    'absence.js',
    'coverAbsences(draft, known) {',
    'coverAbsences(draft, known) {\n    if (draft) return;',
    'who is handed a turn while away is stood in for',
  ],
  [
    'absence.js',
    'if (!same || assignment.required)',
    'if (assignment.required)',
    'a leaver’s turn is dropped only where the rule keeps someone',
  ],

  // Messages that leave, and what a link in one may decide
  ['mail-decision.js', 'step.mailDecision !== true', 'false', 'links only where the definition gives them'],
  ['mail-decision.js', "step.kind !== 'approve'", 'false', 'links only for approvals'],
  [
    'mail-decision.js',
    'if (answersToDelegator(request, turn.step, turn.assignment))',
    'if (false)',
    'no link where a delegator confirms',
  ],
  ['decide.js', "if (command.via === 'MAIL_LINK')", 'if (false)', 'the core asks what a link may decide'],
  ['decide.js', '...via, ...chosen', '...chosen', 'the trail says how a decision came'],
  [
    'notification-preference.js',
    'minute >= from || minute < until',
    'minute >= from && minute < until',
    'quiet hours reach over midnight',
  ],
  [
    'notification-preference.js',
    'end > at.getTime() ? end : at.getTime() + (endLocal - local)',
    'end',
    'quiet hours end after now when clocks go back',
  ],
  ['notification-preference.js', 'at > after', 'at >= after', 'a digest that was made takes nothing more'],
  [
    'message-template.js',
    ': filled(template.html, values, escapeHtml)',
    ': filled(template.html, values)',
    'values are escaped in HTML',
  ],
  [
    'message-template.js',
    'shortened(oneLine(filled(template.subject, values)))',
    'shortened(filled(template.subject, values))',
    'a subject is one line',
  ],
  // Schedules: no occurrence is lost or made twice, and each is reckoned from its rule
  [
    'recurring-rule.js',
    'a.key > b.key : a.at > b.at',
    'false : a.at > b.at',
    'occurrences of one instant are told apart',
  ],
  [
    'recurring-rule.js',
    'const last = due.at(-1) ?? from;',
    'const last = due.at(0) ?? from;',
    'no occurrence is dealt with twice',
  ],
  [
    'recurring-rule.js',
    'filter(({ fireAt }) => fireAt <= now)',
    'filter(({ at }) => at <= now)',
    'what is made ahead is made in time',
  ],
  [
    'recurring-rule.js',
    'skip: missed.filter((firing) => !caughtUp.includes(firing))',
    'skip: []',
    'what is left out is recorded',
  ],
  ['follow-up.js', 'reckoned.dueAt >= now', 'true', 'what was missed is not asked for again'],
  ['follow-up.js', 'let k = before + 1;', 'let k = before + 2;', 'the next one is the next'],
  [
    'ladder.js',
    "filter(({ kind, at }) => kind === 'rung' && at <= now)",
    "filter(({ kind }) => kind === 'rung')",
    'a rung is reached at its time',
  ],
  [
    'ladder.js',
    'known.some(({ acted }) => acted)',
    'false',
    'what has acted does not act again when its time moves',
  ],
  [
    'ladder.js',
    "kind === 'rung' || at > now;",
    "kind === 'rung';",
    'a reminder that lies ahead by another calendar is set',
  ],
  [
    'recurring-rule.js',
    '!dealtWith.has(key)',
    'true',
    'an occurrence that was dealt with does not come again by another calendar',
  ],

  // what the outside is told
  [
    'events.js',
    'key: `${after.id}/${first + offset}/${type}`',
    'key: `${after.id}/${type}/${offset}`',
    'an event has a key of its own',
  ],
  [
    'events.js',
    "pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))",
    "pattern.endsWith('.*') && type.startsWith(pattern.slice(0, 4))",
    'a group of events holds no other',
  ],
  [
    'retry-after.js',
    'now.getTime() + RETRY_AFTER_MAX_SECONDS * 1000',
    'Infinity',
    'nobody makes us wait for ever',
  ],
  ['retry-after.js', 'Math.max(at, now.getTime())', 'at', 'nothing is sent again in the past'],
  ['chat/chat-text.js', ".replace(/\\p{Cf}+/gu, '')", '', 'no sign that is not seen gets into a chat'],
  [
    'chat/chat-text.js',
    "let length = Buffer.byteLength('…');",
    'let length = 0;',
    'a chat text keeps its bound',
  ],

  // what a finding of the insight suggests
  [
    'flow-candidate.js',
    'if ([...nodesOf(rest)].some((node) => namedBy(node).includes(key)))',
    'if (false)',
    'a step that another one names is not left out',
  ],
  [
    'flow-candidate.js',
    'const to = nodes.slice(0, from).findLastIndex(holds) + 1;',
    'const to = 0;',
    'a step comes after whatever it names',
  ],
  ['flow-candidate.js', 'when: both(node.when, one.when)', 'when: one.when', 'a branch keeps its condition'],
  [
    'flow-candidate.js',
    'checkProcessText(text, around).findings.length === 0',
    'true',
    'what is suggested has passed the checker',
  ],
  [
    'flow-candidate.js',
    'published.version + 1',
    'published.version',
    'what is suggested is the next version',
  ],

  // moved to another version
  [
    'migrate.js',
    'return same && this.#isItsTurn(node);',
    'return same;',
    'an open step stays only when it is its turn',
  ],
  ['migrate.js', 'return !barred && (', 'return (', 'no decision stays of one who may not take it'],
  [
    'migrate.js',
    'sameRules(was, node) || this.#wouldApprove(votes, node)',
    'true',
    'a decision stays only by the new rule',
  ],
  [
    'migrate.js',
    "if (outcomeOf(node.formula, operandsOf(votes)) !== 'APPROVED')",
    'if (false)',
    'a decision stays only by the new formula',
  ],
  [
    'migrate.js',
    "if (draft.request.pauseCause === 'NEW_VERSION')",
    'if (false)',
    'what was held goes on when it is moved',
  ],
  [
    'migrate.js',
    'if (carried && !this.#stillCarries(state, was, node))',
    'if (false)',
    'what was carried stays only where it would still be carried',
  ],
  [
    'migrate.js',
    'if (!restsOnNoMore(node, next, { step: was, definition: old }))',
    'if (false)',
    'what was carried rests on nothing touched',
  ],
  [
    'migrate.js',
    'next.carry?.from === old.carry?.from &&',
    'true &&',
    'approvals of the document before stand while they carry from it',
  ],
  [
    'migrate.js',
    '(next.carry?.same ?? []).every((field) => bounds.has(field))',
    'true',
    'approvals of the document before stand inside as few bounds',
  ],
  [
    'migrate.js',
    'const people = carried ? peopleBehindApproval(this.#next, node.key) : behind;',
    'const people = behind.slice(0, 0);',
    'nobody with an interest is behind what stays',
  ],
  [
    'open-step.js',
    'if (standsByCarryOver(request, undone))',
    'if (false)',
    'an approval of another request is no word on this one',
  ],
  ['migrate.js', 'cancelLive(draft, state, MIGRATED);', '', 'an undone step has no turns'],
  [
    'migrate.js',
    'if (!conditionHolds(after, definition.guard, world))',
    'if (false)',
    'a version is for whom its guard holds',
  ],
  ['migrate.js', 'isRemoved && !stands', 'isRemoved', 'a removed step is let go of'],
  ['open-step.js', 'if (votedBeforeMove(request, step, personId))', 'if (false)', 'a vote outlives the move'],
  [
    'effects.js',
    'fact.reason === MIGRATED || isDecisionStep',
    'isDecisionStep',
    'a removed step has no timers',
  ],
  [
    'permit.js',
    "if (request.pausedAt !== null)\n                throw refusal('REQUEST_PAUSED');",
    '',
    'what is held is not handed in',
  ],
  ['evolve.js', '? { ...step, reason: MIGRATED }', '? step', 'a decision that stays is not taken back'],

  // leavers and stand-ins
  [
    'confirmation.js',
    'if (people.get(delegator)?.active)',
    'if (delegator)',
    'a confirmation never returns to a leaver',
  ],
  [
    'confirmation.js',
    'if (confirmation === null)',
    'if (false)',
    'an answer that nobody confirms loses the turn',
  ],
  ['absence.js', 'changeContact(draft, by, personId, successorId);', '', 'a leaver has a contact'],
  [
    'open-step.js',
    '...interestsSharedBy(request, assignments),',
    '',
    'who stands in from the start shares the interest',
  ],
  [
    'escalate.js',
    '...interestsSharedBy(draft.request, assignments),',
    '',
    'who is asked by the ladder shares the interest',
  ],
  [
    'engine-versions.js',
    'fact.engine ?? FIRST_ENGINE',
    'FIRST_ENGINE',
    'a fact is lived through by its own engine',
  ],
  [
    'escalate.js',
    'late.some(({ group }) => !groups.has(group))',
    'false',
    'no group loses its say to the ladder',
  ],
];

const BROKEN = 'the tests did not run';

const JEST = {
  roots: ['<rootDir>/build'],
  testMatch: [
    '**/properties/engine.test.js',
    '**/properties/exact-content.test.js',
    '**/properties/formula.test.js',
    '**/properties/schedule.test.js',
    '**/properties/reckon.test.js',
    '**/unit/holiday-import.test.js',
    '**/unit/engine.test.js',
    '**/unit/carry-over.test.js',
    '**/unit/verbs.test.js',
    '**/unit/approver-rules.test.js',
    '**/unit/absence-matrix.test.js',
    '**/unit/migrate.test.js',
    '**/unit/flow-candidate.test.js',
    '**/unit/flow-insight.test.js',
    '**/unit/leaver.test.js',
    '**/unit/ladder-groups.test.js',
    '**/unit/engine-versions.test.js',
    '**/unit/mail-decision.test.js',
    '**/unit/events.test.js',
    '**/unit/message-template.test.js',
    '**/properties/notification-preference.test.js',
  ],
  transform: {},
  testTimeout: 120_000,
};

/** A place like this one, with the compiled core and its tests only. */
function makeYard(home, name) {
  const yard = path.join(home, name);
  mkdirSync(yard);
  for (const file of [
    'src/errors.js',
    'src/limits.js',
    'src/workflows',
    'test/support',
    'test/unit',
    'test/properties',
  ]) {
    cpSync(path.join(ROOT, 'build', file), path.join(yard, 'build', file), { recursive: true });
  }
  cpSync(path.join(ROOT, 'package.json'), path.join(yard, 'package.json'));
  symlinkSync(path.join(ROOT, 'packs'), path.join(yard, 'packs'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(yard, 'node_modules'));
  return yard;
}

/** Runs the tests in the yard: null when all pass, else the name of the first that failed. */
function firstFailure(yard) {
  const args = [
    'node_modules/jest/bin/jest.js',
    '-c',
    JSON.stringify({ ...JEST, rootDir: yard }),
    '-i',
    '--bail',
    '--silent',
  ];
  const env = {
    ...process.env,
    FC_RUNS: RUNS,
    COUNTERSIGN_TEST_DB: 'none',
    NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: yard, env, timeout: 120_000, maxBuffer: 64 << 20 },
      (error, _out, report) => {
        if (!error) return resolve(null);
        resolve(/● (.+)/.exec(report)?.[1] ?? (error.killed ? 'it never ended' : BROKEN));
      },
    );
  });
}

async function tryBug(yard, [file, find, plant, rule]) {
  const target = path.join(yard, 'build/src/workflows', file);
  const sound = readFileSync(target, 'utf8');
  if (sound.split(find).length !== 2)
    return {
      file,
      rule,
      verdict: 'STALE',
      by: `stands there ${sound.split(find).length - 1} times: ${find}`,
    };
  try {
    writeFileSync(
      target,
      sound.replace(find, () => plant),
    );
    const by = await firstFailure(yard);
    return { file, rule, verdict: by === null || by === BROKEN ? 'MISSED' : 'caught', by: by ?? '' };
  } finally {
    writeFileSync(target, sound);
  }
}

const wanted = process.argv.slice(2).join(' ');
const queue = BUGS.filter(([file, , , rule]) => `${file} ${rule}`.includes(wanted));
const home = mkdtempSync(path.join(tmpdir(), 'planted-bugs-'));
const results = [];
try {
  const calm = await firstFailure(makeYard(home, 'calm'));
  if (calm !== null) throw new Error(`the tests fail without a bug: ${calm}`);
  await Promise.all(
    Array.from({ length: WORKERS }, async (_, worker) => {
      const yard = makeYard(home, `yard-${worker}`);
      for (let bug = queue.shift(); bug; bug = queue.shift()) {
        const result = await tryBug(yard, bug);
        results.push(result);
        console.log(
          `${result.verdict}  ${result.file}: ${result.rule}${result.by ? `  ← ${result.by}` : ''}`,
        );
      }
    }),
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}
const caught = results.filter((result) => result.verdict === 'caught').length;
console.log(`\n${caught} of ${results.length} planted bugs caught`);
process.exitCode = caught === results.length ? 0 : 1;
