import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { deactivatePerson, DeactivatePersonInput } from '../../commands/organisation/deactivate-person.js';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import { personById } from '../../queries/organisation/people.js';

@ObjectType({ description: 'So many of one kind that changed hands.' })
export class MovedCount {
  @Field(() => String, {
    description:
      '`assignment`, `customer`, `project`, `contract`, `plan`, `document`, `report`, `department`, `absence`, `request` for those the successor answers for; `session` for those ended.',
  })
  what!: string;

  @Field(() => Int, { description: 'How many.' })
  count!: number;
}

@ObjectType({ description: 'Something that stayed with a leaver, and why.' })
export class LeftBehindItem {
  @Field(() => String, { description: 'Its kind, such as `request` or `contract`.' })
  what!: string;

  @Field(() => ID, { nullable: true, description: 'Which one; null where several are counted.' })
  id!: string | null;

  @Field(() => Int, { description: 'How many.' })
  count!: number;

  @Field(() => String, {
    description:
      'BLOCKED: nobody may decide a step; REQUESTER_LEFT: nobody came to answer for it; DECIDED_CONTENT: it is under approval or decided; NOBODY_ABOVE, SUCCESSOR_IS_AWAY; or the code of a refusal.',
  })
  reason!: string;
}

@ObjectType({ description: 'What a deactivation moved, and what it could not.' })
export class DeactivatePersonPayload {
  @Field(() => User, { description: 'The person, as they are now.' })
  person!: User;

  @Field(() => [MovedCount], { description: 'What went to the successor.' })
  moved!: MovedCount[];

  @Field(() => [LeftBehindItem], { description: 'What stayed, for an administrator to see to.' })
  notMoved!: LeftBehindItem[];
}

@Resolver()
export class LeaverResolver {
  @Mutation(() => DeactivatePersonPayload, {
    description:
      'Ends the time of someone who leaves, and hands what they had to a successor: all or nothing.',
  })
  async deactivatePerson(
    @Arg('input', () => DeactivatePersonInput, { description: 'Who leaves, and who takes over.' })
    input: DeactivatePersonInput,
    @Ctx() ctx: Context,
  ): Promise<DeactivatePersonPayload> {
    const { personId, ...done } = await deactivatePerson(ctx, input);
    return { person: await personById(ctx, personId), ...done } as DeactivatePersonPayload;
  }
}
