import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import {
  attachFiles,
  detachFiles,
  SubjectFilesInput,
  SubjectFilesPayload,
} from '../../commands/documents/attach-files.js';
import type { Context } from '../../context.js';
import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { StoredFile } from '../../entities/documents/stored-file.js';
import { User } from '../../entities/organisation/user.js';
import { assignmentView, storedRequest } from '../../queries/approvals/request-view.js';
import { ApprovalSubject, subjectOf } from '../../queries/approvals/subject-of.js';
import { attachmentsOf, filesOf, RequestAttachment } from '../../queries/documents/files.js';
import { personById } from '../../queries/organisation/people.js';

@Resolver(() => SubjectFilesPayload)
export class SubjectFilesResolver {
  @Mutation(() => SubjectFilesPayload, {
    description:
      'Attaches files to a subject; their digests are part of what is approved, so it voids what rested on them.',
  })
  attachFiles(
    @Arg('input', () => SubjectFilesInput, { description: 'Which files, to what.' }) input: SubjectFilesInput,
    @Ctx() ctx: Context,
  ): Promise<SubjectFilesPayload> {
    return attachFiles(ctx, input);
  }

  @Mutation(() => SubjectFilesPayload, { description: 'Takes files away from a subject.' })
  detachFiles(
    @Arg('input', () => SubjectFilesInput, { description: 'Which files, from what.' })
    input: SubjectFilesInput,
    @Ctx() ctx: Context,
  ): Promise<SubjectFilesPayload> {
    return detachFiles(ctx, input);
  }

  @FieldResolver(() => ApprovalSubject, { nullable: true, description: 'The subject as it is now.' })
  subject(
    @Root() { subjectType, subjectId }: SubjectFilesPayload,
    @Ctx() ctx: Context,
  ): Promise<typeof ApprovalSubject | null> {
    return subjectOf(ctx, subjectType, subjectId);
  }

  @FieldResolver(() => [StoredFile], { description: 'Its files, in the order in which they were attached.' })
  attachments(@Root() { subjectId }: SubjectFilesPayload, @Ctx() ctx: Context): Promise<StoredFile[]> {
    return filesOf(ctx, subjectId);
  }
}

@Resolver(() => ApprovalRequest)
export class RequestFilesResolver {
  @FieldResolver(() => [RequestAttachment], { description: 'Files that people added to it, oldest first.' })
  attachments(@Root() { id }: ApprovalRequest, @Ctx() ctx: Context): Promise<RequestAttachment[]> {
    return attachmentsOf(ctx, id);
  }
}

@Resolver(() => RequestAttachment)
export class RequestAttachmentResolver {
  @FieldResolver(() => User, { description: 'Who added it.' })
  addedBy(@Root() { addedById }: RequestAttachment, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, addedById);
  }

  @FieldResolver(() => ApprovalAssignment, {
    nullable: true,
    description: 'The assignment whose decision it goes with; null: it stands beside the decisions.',
  })
  async assignment(
    @Root() { requestId, ordinal }: RequestAttachment,
    @Ctx() ctx: Context,
  ): Promise<ApprovalAssignment | null> {
    const stored = await storedRequest(ctx, requestId);
    const found = ordinal === null ? undefined : stored.state.assignments[ordinal - 1];
    return found ? assignmentView(stored, found) : null;
  }
}

@Resolver(() => StoredFile)
export class StoredFileResolver {
  @FieldResolver(() => User, { description: 'Who uploaded it.' })
  uploadedBy(@Root() { uploadedById }: StoredFile, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, uploadedById);
  }
}
