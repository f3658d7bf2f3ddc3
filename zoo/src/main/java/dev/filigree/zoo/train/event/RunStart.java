package dev.filigree.zoo.train.event;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import java.nio.file.Path;

/**
 * A run about to begin or go on.
 *
 * @param directory the run directory
 * @param firstStep optimizer steps already finished: 0 for a new run
 * @param lastStep the step to end at
 * @param device where it computes, in words
 * @param execution "dense", "masked" or "compressed"
 * @param unit what it is counted in
 */
public record RunStart(
    RunConfig config,
    RunPlan plan,
    Path directory,
    long firstStep,
    long lastStep,
    String device,
    String execution,
    Unit unit) {}
