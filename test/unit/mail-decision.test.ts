import { describe, expect, test } from '@jest/globals';
import { permitByMail } from '../../src/workflows/mail-decision.js';
import { parsePack } from '../../src/workflows/pack.js';
import type { DecisionStep } from '../../src/workflows/process.js';
import type { DecisionAction } from '../../src/workflows/request.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { aStep, submitted, type Story } from '../support/engine-builders.js';

const refused = (code: string) => expect.objectContaining({ code });
const open = (step: Partial<DecisionStep> = {}): Story =>
  submitted({ steps: [aStep('review', { mailDecision: true, requireComment: 'never', ...step })] });
const byMail = (story: Story, action: DecisionAction, by = 'bob', ordinal = 1) =>
  story.command({ type: 'decide', via: 'MAIL_LINK', by, ordinal, action, comment: null, evidence: null });

describe('a decision by a link in a mail', () => {
  test('counts as any other, and the fact says how it came', () => {
    const story = open();
    expect(byMail(story, 'APPROVE')).toContainEqual(
      expect.objectContaining({ type: 'DECIDED', decision: 'APPROVED', by: 'bob', via: 'MAIL_LINK' }),
    );
    expect(story.request.status).toBe('APPROVED');
    const other = open();
    byMail(other, 'REJECT');
    expect(other.request.status).toBe('REJECTED');
  });

  test('a decision of someone who signed in says nothing of the kind', () => {
    const story = open();
    const facts = story.command({
      type: 'decide',
      by: 'bob',
      ordinal: 1,
      action: 'APPROVE',
      comment: null,
      evidence: null,
    });
    expect(facts.find(({ type }) => type === 'DECIDED')).not.toHaveProperty('via');
  });

  test.each<[Partial<DecisionStep>, DecisionAction, string]>([
    [{ mailDecision: undefined }, 'APPROVE', 'ACTION_NOT_ALLOWED'],
    [{ mailDecision: false }, 'APPROVE', 'ACTION_NOT_ALLOWED'],
    [{}, 'ABSTAIN', 'ACTION_NOT_ALLOWED'],
    [{ kind: 'confirm' }, 'REJECT', 'ACTION_NOT_ALLOWED'],
    [{ requireComment: 'always' }, 'APPROVE', 'COMMENT_REQUIRED'],
    [{ requireComment: 'on-rejection' }, 'REJECT', 'COMMENT_REQUIRED'],
    [{ requireFreshSignIn: 5 }, 'APPROVE', 'STEP_UP_REQUIRED'],
  ])('where the step says %j, %s is refused: %s', (step, action, code) => {
    const story = open(step);
    expect(() => byMail(story, action)).toThrow(refused(code));
    expect(story.request.status).toBe('PENDING');
  });

  test('an approval that needs no words goes through where only a rejection needs them', () => {
    const story = open({ requireComment: 'on-rejection' });
    byMail(story, 'APPROVE');
    expect(story.request.status).toBe('APPROVED');
  });

  test('nobody decides another’s turn, an ended one, or where a delegator still has to confirm', () => {
    const story = open({ delegation: 'confirm' });
    expect(() => byMail(story, 'APPROVE', 'ann')).toThrow(refused('NOT_YOUR_ASSIGNMENT'));
    expect(() => byMail(story, 'APPROVE', 'eve')).toThrow(refused('NOT_YOUR_ASSIGNMENT'));
    story.delegate('bob', 'eve');
    const ordinal = story.ordinalOf('eve');
    expect(() => permitByMail(story.request, ordinal, 'APPROVE', 'eve')).toThrow(
      refused('ACTION_NOT_ALLOWED'),
    );
    expect(() => byMail(story, 'APPROVE', 'eve', ordinal)).toThrow(refused('ACTION_NOT_ALLOWED'));
    expect(() => byMail(story, 'APPROVE')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
  });
});

describe('a pack', () => {
  const findings = (step: string): string[] =>
    parsePack(
      [
        { path: 'p/pack.yaml', text: 'key: p\nversion: 1\ntitle: P' },
        {
          path: 'p/process.yaml',
          text: `kind: process
key: p
version: 1
title: P
subjectType: CONTRACT
steps:
  - key: review
    title: Review
    approvers: [{ rule: manager }]
    mailDecision: true
    ${step}`,
        },
      ],
      SUBJECT_TYPES,
      { roles: [], calendars: [] },
    ).findings.map(({ line, rule }) => `${line} ${rule}`);

  test.each([
    ['kind: approve', []],
    ['kind: approve\n    requireComment: never', []],
    ['kind: approve\n    requireComment: always', ['10 invalid-value']],
    ['kind: approve\n    requireFreshSignIn: 5', ['10 invalid-value']],
    ['kind: advise', ['10 invalid-value']],
    ['kind: confirm', ['10 invalid-value']],
    ['kind: file', ['10 invalid-value']],
  ])('gives links only to steps that need nothing but a yes: %j', (step, expected) => {
    expect(findings(step)).toEqual(expected);
  });
});
