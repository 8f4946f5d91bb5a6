import { refusal } from '../errors.js';
import { REQUEST_FILES_MAX } from '../limits.js';
import { emit, type Draft } from './draft.js';
import { permitTalk } from './permit-verbs.js';
import type { Command, GivenFile } from './request.js';

/** Adds files beside the decisions. @throws the refusals of `permitTalk`, BAD_USER_INPUT */
export function attach(draft: Draft, { by, files, comment }: Extract<Command, { type: 'attach' }>): void {
  permitTalk(draft.request, by);
  add(draft, by, null, files, comment);
}

/** Adds the files that come with a decision. @throws BAD_USER_INPUT */
export function attachTo(draft: Draft, ordinal: number, by: string, files: readonly GivenFile[] = []): void {
  add(draft, by, ordinal, files, null);
}

function add(
  draft: Draft,
  by: string,
  ordinal: number | null,
  files: readonly GivenFile[],
  comment: string | null,
): void {
  if (files.length === 0) return;
  if ((draft.request.attachments?.length ?? 0) + files.length > REQUEST_FILES_MAX)
    throw refusal('BAD_USER_INPUT', { reason: `more than ${REQUEST_FILES_MAX} files in one request` });
  emit(draft, { type: 'ATTACHED', by, ordinal, files, comment });
}
