import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { ownFiles } from '../documents/own-files.js';
import { check, requireSound } from '../input.js';
import { commentOf } from './comment.js';
import { actInTransaction, RequestActionInput } from './request-actions.js';
import type { Submitted } from './submit.js';

@InputType({ description: 'Files for everyone on a request.' })
export class AttachToRequestInput extends RequestActionInput {
  @Field(() => [ID], { description: 'Your own uploads, 1 to 20.' })
  fileIds!: string[];
}

/** Adds files beside the decisions. @throws NOT_FOUND, NOT_ON_REQUEST, REQUEST_ENDED, BAD_USER_INPUT */
export const attachToRequest = (ctx: Context, input: AttachToRequestInput): Promise<Submitted> =>
  actInTransaction(ctx, 'attach', input, async (tx, by) => {
    requireSound(check('fileIds', input.fileIds.length > 0, 'at least one'));
    const files = await ownFiles(tx, input.fileIds);
    return [input.requestId, { type: 'attach', by, files, comment: commentOf(input.comment) }];
  });
