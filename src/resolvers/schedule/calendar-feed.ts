import { Ctx, Mutation, Resolver } from 'type-graphql';
import {
  createCalendarFeed,
  CreateCalendarFeedPayload,
  revokeCalendarFeed,
} from '../../commands/schedule/calendar-feed.js';
import type { Context } from '../../context.js';

@Resolver()
export class CalendarFeedResolver {
  @Mutation(() => CreateCalendarFeedPayload, {
    description:
      'Makes an iCalendar feed of what is due for you, or gives it another address; the address before is worth nothing then.',
  })
  createCalendarFeed(@Ctx() ctx: Context): Promise<CreateCalendarFeedPayload> {
    return createCalendarFeed(ctx);
  }

  @Mutation(() => Boolean, { description: 'Ends your iCalendar feed; false: there was none.' })
  revokeCalendarFeed(@Ctx() ctx: Context): Promise<boolean> {
    return revokeCalendarFeed(ctx);
  }
}
