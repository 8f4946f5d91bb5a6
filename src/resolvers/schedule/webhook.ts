import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  deleteWebhookEndpoint,
  disableWebhookEndpoint,
  enableWebhookEndpoint,
  rotateWebhookSecret,
  sendTestWebhook,
  WebhookEndpointInput,
} from '../../commands/schedule/change-webhook-endpoint.js';
import {
  createWebhookEndpoint,
  CreateWebhookEndpointInput,
  type EndpointSecret,
} from '../../commands/schedule/create-webhook-endpoint.js';
import { replayWebhook, ReplayWebhookInput } from '../../commands/schedule/replay-webhook.js';
import {
  updateWebhookEndpoint,
  UpdateWebhookEndpointInput,
} from '../../commands/schedule/update-webhook-endpoint.js';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import { WebhookEndpoint } from '../../entities/schedule/webhook-endpoint.js';
import type { ConnectionOf } from '../../queries/connection.js';
import { personById } from '../../queries/organisation/people.js';
import {
  webhookDeliveries,
  WebhookDeliveriesArgs,
  WebhookDeliveryConnection,
  type WebhookDelivery,
} from '../../queries/schedule/webhook-deliveries.js';
import {
  DeleteWebhookEndpointPayload,
  endpointAfter,
  ReplayWebhookPayload,
  SendTestWebhookPayload,
  WebhookEndpointPayload,
  webhookEndpoints,
  WebhookEventType,
  webhookEventTypes,
  WebhookSecretPayload,
} from '../../queries/schedule/webhook-endpoints.js';

const payload = async (
  ctx: Context,
  { endpointId }: { endpointId: string },
): Promise<WebhookEndpointPayload> => ({
  endpoint: await endpointAfter(ctx, endpointId),
});

const secretPayload = async (ctx: Context, made: EndpointSecret): Promise<WebhookSecretPayload> => ({
  endpoint: await endpointAfter(ctx, made.endpointId),
  secret: made.secret,
});

const WHICH = { description: 'Which endpoint.' };

@Resolver(() => WebhookEndpoint)
export class WebhookResolver {
  @Query(() => [WebhookEndpoint], {
    description: 'All endpoints that events are sent to, oldest first; at most 50.',
  })
  webhookEndpoints(@Ctx() ctx: Context): Promise<WebhookEndpoint[]> {
    return webhookEndpoints(ctx);
  }

  @Query(() => [WebhookEventType], { description: 'Every type of event that endpoints can want.' })
  webhookEventTypes(@Ctx() ctx: Context): WebhookEventType[] {
    return webhookEventTypes(ctx);
  }

  @Query(() => WebhookDeliveryConnection, {
    description: 'What was, is and will be sent to an endpoint, newest first; 30 days are kept.',
  })
  webhookDeliveries(
    @Ctx() ctx: Context,
    @Args(() => WebhookDeliveriesArgs) args: WebhookDeliveriesArgs,
  ): Promise<ConnectionOf<WebhookDelivery>> {
    return webhookDeliveries(ctx, args);
  }

  @Mutation(() => WebhookSecretPayload, {
    description: 'Makes an endpoint. Its secret is shown this once. You answer for what is sent to it.',
  })
  async createWebhookEndpoint(
    @Ctx() ctx: Context,
    @Arg('input', () => CreateWebhookEndpointInput, { description: 'The endpoint.' })
    input: CreateWebhookEndpointInput,
  ): Promise<WebhookSecretPayload> {
    return secretPayload(ctx, await createWebhookEndpoint(ctx, input));
  }

  @Mutation(() => WebhookEndpointPayload, { description: 'Changes an endpoint.' })
  async updateWebhookEndpoint(
    @Ctx() ctx: Context,
    @Arg('input', () => UpdateWebhookEndpointInput, { description: 'What changes.' })
    input: UpdateWebhookEndpointInput,
  ): Promise<WebhookEndpointPayload> {
    return payload(ctx, await updateWebhookEndpoint(ctx, input));
  }

  @Mutation(() => WebhookSecretPayload, {
    description: 'Gives an endpoint a new secret; for a day the one before signs as well.',
  })
  async rotateWebhookSecret(
    @Ctx() ctx: Context,
    @Arg('input', () => WebhookEndpointInput, WHICH) input: WebhookEndpointInput,
  ): Promise<WebhookSecretPayload> {
    return secretPayload(ctx, await rotateWebhookSecret(ctx, input));
  }

  @Mutation(() => WebhookEndpointPayload, {
    description:
      'Sends to an endpoint again, from now on; what it missed waits for `replayWebhook`. You answer for it.',
  })
  async enableWebhookEndpoint(
    @Ctx() ctx: Context,
    @Arg('input', () => WebhookEndpointInput, WHICH) input: WebhookEndpointInput,
  ): Promise<WebhookEndpointPayload> {
    return payload(ctx, await enableWebhookEndpoint(ctx, input));
  }

  @Mutation(() => WebhookEndpointPayload, {
    description: 'Sends nothing more to an endpoint; what happens is held for a replay.',
  })
  async disableWebhookEndpoint(
    @Ctx() ctx: Context,
    @Arg('input', () => WebhookEndpointInput, WHICH) input: WebhookEndpointInput,
  ): Promise<WebhookEndpointPayload> {
    return payload(ctx, await disableWebhookEndpoint(ctx, input));
  }

  @Mutation(() => DeleteWebhookEndpointPayload, {
    description: 'Forgets an endpoint and what was still to be sent to it.',
  })
  async deleteWebhookEndpoint(
    @Ctx() ctx: Context,
    @Arg('input', () => WebhookEndpointInput, WHICH) input: WebhookEndpointInput,
  ): Promise<DeleteWebhookEndpointPayload> {
    return { id: (await deleteWebhookEndpoint(ctx, input)).endpointId };
  }

  @Mutation(() => SendTestWebhookPayload, {
    description: 'Sends a `webhook.ping` to an endpoint, once, enabled or not.',
  })
  async sendTestWebhook(
    @Ctx() ctx: Context,
    @Arg('input', () => WebhookEndpointInput, WHICH) input: WebhookEndpointInput,
  ): Promise<SendTestWebhookPayload> {
    return { deliveryId: (await sendTestWebhook(ctx, input)).messageId };
  }

  @Mutation(() => ReplayWebhookPayload, {
    description:
      'Sends an endpoint again what it has missed since a moment, oldest first, under the same ids.',
  })
  async replayWebhook(
    @Ctx() ctx: Context,
    @Arg('input', () => ReplayWebhookInput, { description: 'What.' }) input: ReplayWebhookInput,
  ): Promise<ReplayWebhookPayload> {
    const { endpointId, replayed, more } = await replayWebhook(ctx, input);
    return { endpoint: await endpointAfter(ctx, endpointId), replayed, more };
  }

  @FieldResolver(() => User, { description: 'Whoever created or last enabled it, and answers for it.' })
  owner(@Root() { ownerId }: WebhookEndpoint, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, ownerId);
  }
}
