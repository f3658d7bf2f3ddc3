package dev.filigree.zoo.eval;

/**
 * A way to go on with a text.
 *
 * @param context what stands before
 * @param continuation what is scored, with the space that it begins with
 */
public record Option(String context, String continuation) {}
