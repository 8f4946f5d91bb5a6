import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  pauseTimers,
  PauseTimersInput,
  resumeTimers,
  ResumeTimersInput,
  runTimerNow,
  RunTimerNowInput,
  snoozeTimer,
  SnoozeTimerInput,
  TimersPayload,
} from '../../commands/schedule/change-timers.js';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import { Timer } from '../../entities/schedule/timer.js';
import { TimerEvent } from '../../entities/schedule/timer-event.js';
import { personById } from '../../queries/organisation/people.js';
import { historyOf } from '../../queries/schedule/timer-history.js';
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

  @FieldResolver(() => [TimerEvent], { description: 'What people did to it, oldest first.' })
  history(@Root() { id }: Timer, @Ctx() ctx: Context): Promise<TimerEvent[]> {
    return historyOf(ctx, id);
  }

  @Mutation(() => TimersPayload, { description: 'Puts a reminder or a rung off.' })
  snoozeTimer(
    @Arg('input', () => SnoozeTimerInput, { description: 'Which, until when, and why.' })
    input: SnoozeTimerInput,
    @Ctx() ctx: Context,
  ): Promise<TimersPayload> {
    return snoozeTimer(ctx, input);
  }

  @Mutation(() => TimersPayload, {
    description: 'Lets a reminder or a rung act at once; rungs act in their order.',
  })
  runTimerNow(
    @Arg('input', () => RunTimerNowInput, { description: 'Which, and why.' }) input: RunTimerNowInput,
    @Ctx() ctx: Context,
  ): Promise<TimersPayload> {
    return runTimerNow(ctx, input);
  }

  @Mutation(() => TimersPayload, {
    description: 'Stops the reminders and rungs of a thing; decisions go on, and what begins anew runs.',
  })
  pauseTimers(
    @Arg('input', () => PauseTimersInput, { description: 'Whose, and why.' }) input: PauseTimersInput,
    @Ctx() ctx: Context,
  ): Promise<TimersPayload> {
    return pauseTimers(ctx, input);
  }

  @Mutation(() => TimersPayload, {
    description: 'Lets the paused reminders and rungs of a thing go on, each with the time that was left.',
  })
  resumeTimers(
    @Arg('input', () => ResumeTimersInput, { description: 'Whose.' }) input: ResumeTimersInput,
    @Ctx() ctx: Context,
  ): Promise<TimersPayload> {
    return resumeTimers(ctx, input);
  }
}

@Resolver(() => TimerEvent)
export class TimerEventFields {
  @FieldResolver(() => User, { nullable: true, description: 'Who did it; null: it happened by itself.' })
  by(@Root() { byId }: TimerEvent, @Ctx() ctx: Context): Promise<User> | null {
    return byId === null ? null : personById(ctx, byId);
  }
}
