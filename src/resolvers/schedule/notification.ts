import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  markNotificationsRead,
  MarkNotificationsReadInput,
} from '../../commands/schedule/mark-notifications-read.js';
import {
  NotificationPreferencesInput,
  setNotificationPreferences,
} from '../../commands/schedule/set-notification-preferences.js';
import type { Context } from '../../context.js';
import { Notification } from '../../entities/schedule/notification.js';
import type { ConnectionOf } from '../../queries/connection.js';
import {
  MarkNotificationsReadPayload,
  NotificationConnection,
  notifications,
  NotificationsArgs,
} from '../../queries/schedule/notifications.js';
import {
  notificationPreferences,
  NotificationPreferencesView,
  SetNotificationPreferencesPayload,
} from '../../queries/schedule/notification-preferences.js';

@Resolver(() => Notification)
export class NotificationResolver {
  @Query(() => NotificationConnection, { description: 'Your messages, newest first.' })
  notifications(
    @Ctx() ctx: Context,
    @Args(() => NotificationsArgs) args: NotificationsArgs,
  ): Promise<ConnectionOf<Notification>> {
    return notifications(ctx, args);
  }

  @Mutation(() => MarkNotificationsReadPayload, {
    description: 'Marks messages of yours as read; all or none.',
  })
  markNotificationsRead(
    @Ctx() ctx: Context,
    @Arg('input', () => MarkNotificationsReadInput, { description: 'Which.' })
    input: MarkNotificationsReadInput,
  ): Promise<MarkNotificationsReadPayload> {
    return markNotificationsRead(ctx, input);
  }

  @Query(() => NotificationPreferencesView, {
    description: 'How you want to be told outside the application.',
  })
  notificationPreferences(@Ctx() ctx: Context): Promise<NotificationPreferencesView> {
    return notificationPreferences(ctx);
  }

  @Mutation(() => SetNotificationPreferencesPayload, {
    description: 'Changes how you want to be told outside the application, from now on.',
  })
  async setNotificationPreferences(
    @Ctx() ctx: Context,
    @Arg('input', () => NotificationPreferencesInput, { description: 'What changes.' })
    input: NotificationPreferencesInput,
  ): Promise<SetNotificationPreferencesPayload> {
    await setNotificationPreferences(ctx, input);
    return { preferences: await notificationPreferences(ctx) };
  }

  @FieldResolver(() => String, { description: 'What it says, in the language of the request.' })
  text(@Root() { textEn, textZh }: Notification, @Ctx() { language }: Context): string {
    return { en: textEn, zh: textZh }[language];
  }
}
