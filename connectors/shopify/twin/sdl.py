"""The part of the Admin API's schema that the twin plays; names, arguments and nullability are the vendor's."""

READING = """
schema { query: QueryRoot mutation: Mutation }
scalar DateTime
scalar Decimal
scalar UnsignedInt64
scalar URL
scalar JSON

interface Node { id: ID! }
interface HasMetafields { metafield(key: String!, namespace: String): Metafield }
interface DisplayableError { field: [String!] message: String! }

type QueryRoot {
  bulkOperation(id: ID!): BulkOperation
  currentBulkOperation(type: BulkOperationType = QUERY): BulkOperation
  currentAppInstallation: AppInstallation!
  customer(id: ID!): Customer
  customerByIdentifier(identifier: CustomerIdentifierInput!): Customer
  customers(after: String, before: String, first: Int, last: Int, query: String, reverse: Boolean = false,
    sortKey: CustomerSortKeys = ID): CustomerConnection!
  customersCount(limit: Int = 10000, query: String): Count
  metafieldDefinitions(after: String, before: String, first: Int, key: String, last: Int, namespace: String,
    ownerType: MetafieldOwnerType!): MetafieldDefinitionConnection!
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  order(id: ID!): Order
  orders(after: String, before: String, first: Int, last: Int, query: String, reverse: Boolean = false,
    sortKey: OrderSortKeys = PROCESSED_AT): OrderConnection!
  ordersCount(limit: Int = 10000, query: String): Count
  shop: Shop!
}

enum CustomerSortKeys { CREATED_AT ID LOCATION NAME RELEVANCE UPDATED_AT }
enum OrderSortKeys { CREATED_AT ID ORDER_NUMBER PROCESSED_AT RELEVANCE UPDATED_AT }
enum CountPrecision { AT_LEAST EXACT }
enum CustomerState { DECLINED DISABLED ENABLED INVITED }
enum CustomerMarketingOptInLevel { CONFIRMED_OPT_IN SINGLE_OPT_IN UNKNOWN }
enum CustomerEmailAddressMarketingState { INVALID NOT_SUBSCRIBED PENDING SUBSCRIBED UNSUBSCRIBED }
enum CustomerEmailMarketingState { INVALID NOT_SUBSCRIBED PENDING REDACTED SUBSCRIBED UNSUBSCRIBED }
enum CustomerSmsMarketingState { NOT_SUBSCRIBED PENDING REDACTED SUBSCRIBED UNSUBSCRIBED }
enum OrderDisplayFinancialStatus {
  AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED
}
enum OrderDisplayFulfillmentStatus {
  FULFILLED IN_PROGRESS ON_HOLD OPEN PARTIALLY_FULFILLED PENDING_FULFILLMENT REQUEST_DECLINED RESTOCKED SCHEDULED
  UNFULFILLED
}
enum CurrencyCode { CNY USD EUR GBP JPY HKD }
enum CountryCode { CN US DE GB JP HK FR }
enum MetafieldOwnerType { CUSTOMER ORDER SHOP }

type Count { count: Int! precision: CountPrecision! }
type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
type Shop { currencyCode: CurrencyCode! ianaTimezone: String! id: ID! myshopifyDomain: String! name: String! }
type AppInstallation { accessScopes: [AccessScope!]! id: ID! }
type AccessScope { description: String! handle: String! }
type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
type MoneyBag { presentmentMoney: MoneyV2! shopMoney: MoneyV2! }

type Customer implements Node & HasMetafields {
  amountSpent: MoneyV2!
  canDelete: Boolean!
  createdAt: DateTime!
  defaultAddress: MailingAddress
  defaultEmailAddress: CustomerEmailAddress
  defaultPhoneNumber: CustomerPhoneNumber
  displayName: String!
  email: String @deprecated(reason: "Use `defaultEmailAddress.emailAddress` instead.")
  firstName: String
  id: ID!
  lastName: String
  legacyResourceId: UnsignedInt64!
  locale: String!
  metafield(key: String!, namespace: String): Metafield
  note: String
  numberOfOrders: UnsignedInt64!
  phone: String @deprecated(reason: "Use `defaultPhoneNumber.phoneNumber` instead.")
  state: CustomerState!
  tags: [String!]!
  taxExempt: Boolean!
  updatedAt: DateTime!
  verifiedEmail: Boolean!
}
type CustomerConnection { edges: [CustomerEdge!]! nodes: [Customer!]! pageInfo: PageInfo! }
type CustomerEdge { cursor: String! node: Customer! }
type CustomerEmailAddress {
  emailAddress: String!
  marketingOptInLevel: CustomerMarketingOptInLevel
  marketingState: CustomerEmailAddressMarketingState!
  marketingUpdatedAt: DateTime
}
type CustomerPhoneNumber {
  marketingOptInLevel: CustomerMarketingOptInLevel
  marketingState: CustomerSmsMarketingState!
  marketingUpdatedAt: DateTime
  phoneNumber: String!
}
type MailingAddress implements Node {
  address1: String
  address2: String
  city: String
  company: String
  country: String
  countryCodeV2: CountryCode
  firstName: String
  id: ID!
  lastName: String
  name: String
  phone: String
  province: String
  provinceCode: String
  zip: String
}

type Order implements Node & HasMetafields {
  billingAddress: MailingAddress
  cancelledAt: DateTime
  closed: Boolean!
  closedAt: DateTime
  createdAt: DateTime!
  currencyCode: CurrencyCode!
  customer: Customer
  displayFinancialStatus: OrderDisplayFinancialStatus
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus!
  email: String
  id: ID!
  legacyResourceId: UnsignedInt64!
  lineItems(after: String, before: String, first: Int, last: Int, reverse: Boolean = false): LineItemConnection!
  metafield(key: String!, namespace: String): Metafield
  name: String!
  note: String
  paymentGatewayNames: [String!]!
  phone: String
  processedAt: DateTime!
  shippingAddress: MailingAddress
  sourceName: String
  tags: [String!]!
  test: Boolean!
  totalPriceSet: MoneyBag!
  totalRefundedSet: MoneyBag!
  updatedAt: DateTime!
}
type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! }
type OrderEdge { cursor: String! node: Order! }
type LineItem implements Node {
  currentQuantity: Int!
  discountedTotalSet(withCodeDiscounts: Boolean = false): MoneyBag!
  id: ID!
  name: String!
  originalTotalSet: MoneyBag!
  originalUnitPriceSet: MoneyBag!
  quantity: Int!
  sku: String
  title: String!
}
type LineItemConnection { edges: [LineItemEdge!]! nodes: [LineItem!]! pageInfo: PageInfo! }
type LineItemEdge { cursor: String! node: LineItem! }

type Metafield implements Node {
  compareDigest: String!
  id: ID!
  key: String!
  namespace: String!
  owner: HasMetafields!
  type: String!
  value: String!
}
type MetafieldDefinition implements Node {
  capabilities: MetafieldCapabilities!
  id: ID!
  key: String!
  name: String!
  namespace: String!
  ownerType: MetafieldOwnerType!
  type: MetafieldDefinitionType!
}
type MetafieldCapabilities { uniqueValues: MetafieldCapabilityUniqueValues! }
type MetafieldCapabilityUniqueValues { eligible: Boolean! enabled: Boolean! }
type MetafieldDefinitionType { category: String! name: String! }
type MetafieldDefinitionConnection { nodes: [MetafieldDefinition!]! pageInfo: PageInfo! }

enum BulkOperationStatus { CANCELED CANCELING COMPLETED CREATED EXPIRED FAILED RUNNING }
enum BulkOperationErrorCode { ACCESS_DENIED INTERNAL_SERVER_ERROR TIMEOUT }
enum BulkOperationType { MUTATION QUERY }
type BulkOperation implements Node {
  completedAt: DateTime
  createdAt: DateTime!
  errorCode: BulkOperationErrorCode
  fileSize: UnsignedInt64
  id: ID!
  objectCount: UnsignedInt64!
  partialDataUrl: URL
  query: String!
  rootObjectCount: UnsignedInt64!
  status: BulkOperationStatus!
  type: BulkOperationType!
  url: URL
}
"""

WRITING = """
type Mutation {
  bulkOperationRunQuery(groupObjects: Boolean!, query: String!): BulkOperationRunQueryPayload
  customerCreate(input: CustomerInput!): CustomerCreatePayload
  customerDelete(input: CustomerDeleteInput!): CustomerDeletePayload
  customerEmailMarketingConsentUpdate(input: CustomerEmailMarketingConsentUpdateInput!):
    CustomerEmailMarketingConsentUpdatePayload
  customerSet(identifier: CustomerSetIdentifiers, input: CustomerSetInput!): CustomerSetPayload
  customerSmsMarketingConsentUpdate(input: CustomerSmsMarketingConsentUpdateInput!):
    CustomerSmsMarketingConsentUpdatePayload
  customerUpdate(input: CustomerInput!): CustomerUpdatePayload
  metafieldsDelete(metafields: [MetafieldIdentifierInput!]!): MetafieldsDeletePayload
  metafieldsSet(metafields: [MetafieldsSetInput!]!): MetafieldsSetPayload
  tagsAdd(id: ID!, tags: [String!]!): TagsAddPayload
  tagsRemove(id: ID!, tags: [String!]!): TagsRemovePayload
}

type UserError implements DisplayableError { field: [String!] message: String! }
input UniqueMetafieldValueInput { key: String! namespace: String value: String! }
input CustomerIdentifierInput { customId: UniqueMetafieldValueInput emailAddress: String id: ID phoneNumber: String }
input CustomerSetIdentifiers { customId: UniqueMetafieldValueInput email: String id: ID phone: String }
input MailingAddressInput {
  address1: String
  address2: String
  city: String
  company: String
  countryCode: CountryCode
  firstName: String
  lastName: String
  phone: String
  provinceCode: String
  zip: String
}
input CustomerSetInput {
  addresses: [MailingAddressInput!]
  email: String
  firstName: String
  lastName: String
  locale: String
  note: String
  phone: String
  tags: [String!]
  taxExempt: Boolean
}
input CustomerInput {
  addresses: [MailingAddressInput!]
  email: String
  emailMarketingConsent: CustomerEmailMarketingConsentInput
  firstName: String
  id: ID
  lastName: String
  locale: String
  metafields: [MetafieldInput!]
  note: String
  phone: String
  smsMarketingConsent: CustomerSmsMarketingConsentInput
  tags: [String!]
  taxExempt: Boolean
}
input MetafieldInput { id: ID key: String namespace: String type: String value: String }
enum CustomerSetUserErrorCode {
  BLANK ID_NOT_ALLOWED INCLUSION INPUT_MISMATCH INVALID METAFIELD_MISMATCH MISSING_FIELD_REQUIRED NOT_FOUND PRESENT TAKEN
  TOO_LONG TOO_SHORT
}
type CustomerSetUserError implements DisplayableError {
  code: CustomerSetUserErrorCode
  field: [String!]
  message: String!
}
type CustomerSetPayload { customer: Customer userErrors: [CustomerSetUserError!]! }
type CustomerCreatePayload { customer: Customer userErrors: [UserError!]! }
type CustomerUpdatePayload { customer: Customer userErrors: [UserError!]! }
input CustomerDeleteInput { id: ID! }
type CustomerDeletePayload { deletedCustomerId: ID shop: Shop! userErrors: [UserError!]! }

input MetafieldsSetInput {
  compareDigest: String
  key: String!
  namespace: String
  ownerId: ID!
  type: String
  value: String!
}
enum MetafieldsSetUserErrorCode {
  APP_NOT_AUTHORIZED BLANK CAPABILITY_VIOLATION INCLUSION INTERNAL_ERROR INVALID INVALID_COMPARE_DIGEST INVALID_TYPE
  INVALID_VALUE LESS_THAN_OR_EQUAL_TO PRESENT STALE_OBJECT TAKEN TOO_LONG TOO_SHORT
}
type MetafieldsSetUserError implements DisplayableError {
  code: MetafieldsSetUserErrorCode
  elementIndex: Int
  field: [String!]
  message: String!
}
type MetafieldsSetPayload { metafields: [Metafield!] userErrors: [MetafieldsSetUserError!]! }
input MetafieldIdentifierInput { key: String! namespace: String! ownerId: ID! }
type MetafieldIdentifier { key: String! namespace: String! ownerId: ID! }
type MetafieldsDeletePayload { deletedMetafields: [MetafieldIdentifier] userErrors: [UserError!]! }
type TagsAddPayload { node: Node userErrors: [UserError!]! }
type TagsRemovePayload { node: Node userErrors: [UserError!]! }

input CustomerEmailMarketingConsentInput {
  consentUpdatedAt: DateTime
  marketingOptInLevel: CustomerMarketingOptInLevel
  marketingState: CustomerEmailMarketingState!
}
input CustomerSmsMarketingConsentInput {
  consentUpdatedAt: DateTime
  marketingOptInLevel: CustomerMarketingOptInLevel
  marketingState: CustomerSmsMarketingState!
}
input CustomerEmailMarketingConsentUpdateInput {
  customerId: ID!
  emailMarketingConsent: CustomerEmailMarketingConsentInput!
}
input CustomerSmsMarketingConsentUpdateInput {
  customerId: ID!
  smsMarketingConsent: CustomerSmsMarketingConsentInput!
}
enum CustomerEmailMarketingConsentUpdateUserErrorCode { INCLUSION INTERNAL_ERROR INVALID MISSING_ARGUMENT }
enum CustomerSmsMarketingConsentErrorCode { INCLUSION INTERNAL_ERROR INVALID MISSING_ARGUMENT }
type CustomerEmailMarketingConsentUpdateUserError implements DisplayableError {
  code: CustomerEmailMarketingConsentUpdateUserErrorCode
  field: [String!]
  message: String!
}
type CustomerSmsMarketingConsentError implements DisplayableError {
  code: CustomerSmsMarketingConsentErrorCode
  field: [String!]
  message: String!
}
type CustomerEmailMarketingConsentUpdatePayload {
  customer: Customer
  userErrors: [CustomerEmailMarketingConsentUpdateUserError!]!
}
type CustomerSmsMarketingConsentUpdatePayload {
  customer: Customer
  userErrors: [CustomerSmsMarketingConsentError!]!
}

enum BulkOperationUserErrorCode { INVALID LIMIT_REACHED OPERATION_IN_PROGRESS }
type BulkOperationUserError implements DisplayableError {
  code: BulkOperationUserErrorCode
  field: [String!]
  message: String!
}
type BulkOperationRunQueryPayload { bulkOperation: BulkOperation userErrors: [BulkOperationUserError!]! }
"""
