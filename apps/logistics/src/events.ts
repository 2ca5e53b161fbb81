import type { NewOutboxMessage } from '@woodytoys/database';
import { formatAmount } from './money.ts';
import type { NewRestockRow } from './restocks-repository.ts';
import type { NewSaleRow } from './sales-repository.ts';
import { commandsExchange, eventsExchange, routingKeys } from './topology.ts';

/** The body of `report.requested`. */
export interface ReportRequested {
  readonly reportId: string;
}

export function saleRecorded(sale: NewSaleRow): NewOutboxMessage {
  const { id, storeId, productId, quantity, unitPriceCents, soldAt } = sale;
  const unitPrice = formatAmount(unitPriceCents);
  return {
    exchange: eventsExchange,
    routingKey: routingKeys.saleRecorded,
    body: { id, storeId, productId, quantity, unitPrice, soldAt: soldAt.toISOString() },
  };
}

export function restockRecorded(restock: NewRestockRow): NewOutboxMessage {
  const { id, storeId, productId, quantity, restockedAt } = restock;
  return {
    exchange: eventsExchange,
    routingKey: routingKeys.restockRecorded,
    body: { id, storeId, productId, quantity, restockedAt: restockedAt.toISOString() },
  };
}

/** Mandatory: the job counts as handed over once a queue has it. */
export function reportRequested(reportId: string): NewOutboxMessage {
  const body: ReportRequested = { reportId };
  return {
    exchange: commandsExchange,
    routingKey: routingKeys.reportRequested,
    body,
    mandatory: true,
  };
}

/** Asks the product service for its whole catalogue; it answers with `catalogue.filled`. */
export function catalogueRequested(): NewOutboxMessage {
  return {
    exchange: commandsExchange,
    routingKey: routingKeys.catalogueRequested,
    body: {},
    mandatory: true,
  };
}
