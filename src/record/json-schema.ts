/** As much of JSON Schema (draft 7) as the schemas of this package use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** In the place of `required`, where the build has turned that round: most are, and this is shorter. */
  readonly optional?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly minProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** The variants behind references and unions; of a reference that leads nowhere, one that anything fits. */
export function variantsOf(root: JsonSchema, schema: JsonSchema): readonly JsonSchema[] {
  if (schema.$ref !== undefined) return variantsOf(root, definitionOf(root, schema.$ref));
  const nested = schema.anyOf ?? schema.allOf;
  return nested === undefined ? [schema] : nested.flatMap((variant) => variantsOf(root, variant));
}

/** What a `$ref` stands for; anything where it leads nowhere. */
export function definitionOf(root: JsonSchema, reference: string): JsonSchema {
  return root.definitions?.[decodeURIComponent(reference.replace('#/definitions/', ''))] ?? {};
}
