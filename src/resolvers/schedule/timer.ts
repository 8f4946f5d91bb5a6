import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../../context.js';
import { Timer } from '../../entities/schedule/timer.js';
import { timersOf } from '../../queries/schedule/timers.js';

@Resolver(() => Timer)
export class TimerResolver {
  @Query(() => [Timer], {
    description:
      'What will happen by itself to this thing, and when; then what has happened. Soonest first, at most 500.',
  })
  timers(
    @Ctx() ctx: Context,
    @Arg('subjectId', () => ID, {
      description: 'An approval request, a plan, or anything that can be approved.',
    })
    subjectId: string,
  ): Promise<Timer[]> {
    return timersOf(ctx, subjectId);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The error code with which its act was refused; null when it acted, or has not yet.',
  })
  refusal(@Root() timer: Timer): string | null {
    return (timer.payload['refusal'] as string | undefined) ?? null;
  }
}
