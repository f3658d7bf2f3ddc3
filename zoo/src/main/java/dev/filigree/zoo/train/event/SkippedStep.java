package dev.filigree.zoo.train.event;

/**
 * A batch that gave no optimizer step.
 *
 * @param step the step that it would have been
 * @param reason what was not finite
 */
public record SkippedStep(long step, String reason) {}
