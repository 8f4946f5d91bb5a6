import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { ActOnAssignmentInput, reviewAssignment, type Reviewed } from './review.js';

export enum AddedPosition {
  BEFORE = 'BEFORE',
  BESIDE = 'BESIDE',
  AFTER = 'AFTER',
}
registerEnumType(AddedPosition, {
  name: 'AddedPosition',
  description: 'When an added approver is asked, seen from the one who adds them.',
  valuesConfig: {
    BEFORE: { description: 'First they, then you; both must approve.' },
    BESIDE: { description: "Now, as one more operand of the step's formula." },
    AFTER: { description: 'Once you have approved; both must approve.' },
  },
});

@InputType({ description: 'A further approver for the step of your assignment.' })
export class AddApproverInput extends ActOnAssignmentInput {
  @Field(() => ID, { description: 'Who shall be asked as well.' })
  userId!: string;

  @Field(() => AddedPosition, { description: 'When they are asked.' })
  position!: AddedPosition;
}

/** Adds an approver to the step of one's own assignment. @throws PERSON_NOT_ELIGIBLE, INTERESTED_PERSON */
export const addApprover = (ctx: Context, input: AddApproverInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'add-approver', input, (assignment) => ({
    type: 'add-approver',
    personId: input.userId.toLowerCase(),
    position: input.position,
    ...assignment,
  }));
