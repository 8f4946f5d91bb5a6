import { Field, ID, InputType } from 'type-graphql';
import { requireSound, check } from '../input.js';
import type { GivenChoice } from '../../workflows/request.js';

@InputType({ description: 'Whom you choose for a step that leaves its approvers to you.' })
export class StepChoiceInput {
  @Field(() => String, { description: 'Key of the step.' })
  step!: string;

  @Field(() => [ID], { description: 'The people, as many as the step asks for.' })
  userIds!: string[];
}

/** Steps of one definition, and people of one choice, at most; the definition asks for far fewer. */
const CHOICES_MAX = 50;
const CHOSEN_MAX = 20;

/** The choices as the core reads them; none given are none. @throws BAD_USER_INPUT for too many */
export function choicesOf(given: readonly StepChoiceInput[] | null | undefined): GivenChoice[] | undefined {
  if (!given || given.length === 0) return undefined;
  requireSound(
    check('choices', given.length <= CHOICES_MAX, `at most ${CHOICES_MAX}`),
    ...given.map(({ userIds }, index) =>
      check(`choices.${index}.userIds`, userIds.length <= CHOSEN_MAX, `at most ${CHOSEN_MAX}`),
    ),
  );
  return given.map(({ step, userIds }) => ({ step, people: userIds.map((id) => id.toLowerCase()) }));
}
