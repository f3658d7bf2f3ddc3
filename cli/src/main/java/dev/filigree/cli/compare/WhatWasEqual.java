package dev.filigree.cli.compare;

import dev.filigree.io.Json;
import dev.filigree.zoo.config.LoopConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.report.Figures;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What was the same for all methods of a comparison, and what was not, in sentences. */
final class WhatWasEqual {
  private WhatWasEqual() {}

  /** The sentences. */
  static List<String> of(ComparisonPlan plan) {
    RunConfig whole = plan.base();
    var sentences = new ArrayList<String>();
    sentences.add(budget(plan, whole));
    sentences.add(data(whole));
    sentences.add(
        plan.file().seeds() == 1
            ? "One seed, 0: differences between methods have no interval, and can be chance."
            : "Seeds 0 to %d for every method: the seed decides initial weights, first masks, random growth and dropout, not the order of the data."
                .formatted(plan.file().seeds() - 1));
    sentences.addAll(tuning(plan));
    if (plan.file().diverged() > 0) {
      sentences.add(
          "A run was ended when its validation loss was more than %s times the best of all runs at the same part of its length."
              .formatted(Figures.significant(plan.file().diverged())));
    }
    return sentences;
  }

  private static String budget(ComparisonPlan plan, RunConfig whole) {
    RunPlan base = RunPlan.of(whole);
    String steps =
        "%,d steps of %,d samples".formatted(base.steps(), base.samplesPerStep())
            + (base.tokensPerStep() == 0
                ? ""
                : ", %s tokens".formatted(Figures.compact((double) base.tokens())));
    return String.format(
        Locale.ROOT,
        switch (plan.file().budget().kind()) {
          case TOKENS -> "Equal tokens: every run made %s.";
          case FLOPS ->
              "Equal training FLOPs: those of the dense network in %s; sparse runs made more steps.";
          case HALF_BATCH ->
              "Equal tokens: %s; sparse runs made twice the steps of half the batch.";
          case SECONDS ->
              "Equal time: as many steps as fit into "
                  + Figures.duration(plan.file().budget().seconds())
                  + " by the median of each method's first steps. The file has %s.";
        },
        steps);
  }

  private static String data(RunConfig whole) {
    LoopConfig loop = whole.loop();
    String validation =
        loop.evalSteps() == 0
            ? "the whole validation set"
            : "the same %,d batches of the validation set".formatted(loop.evalSteps());
    return "The same batches in the same order for all; validation on " + validation + ".";
  }

  /** Who was tuned over which values: a comparison is as fair as this. */
  private static List<String> tuning(ComparisonPlan plan) {
    var tuned = new TreeMap<String, List<String>>();
    var untuned = new ArrayList<String>();
    for (Method method : plan.groups().stream().map(Group::method).distinct().toList()) {
      if (new Tuning(method.tune()).isNeeded()) {
        String values =
            method.tune().entrySet().stream()
                .map(key -> values(key.getKey(), key.getValue()))
                .collect(Collectors.joining(", "));
        tuned.computeIfAbsent(values, _ -> new ArrayList<>()).add(method.label());
      } else {
        untuned.add(method.label());
      }
    }
    var sentences = new ArrayList<String>();
    String length =
        plan.file().tuneLength() == 1
            ? "whole runs"
            : "runs of %s of the length".formatted(Figures.shortPercent(plan.file().tuneLength()));
    tuned.forEach(
        (values, methods) ->
            sentences.add(
                "Tuned with seed 0 in %s: %s: %s."
                    .formatted(length, String.join(", ", methods), values)));
    if (!untuned.isEmpty()) {
      sentences.add(
          "Not tuned, but as the recipe or the file says: %s."
              .formatted(String.join(", ", untuned)));
    }
    return sentences;
  }

  /**
   * {@code sparsity.learning_rate.multiplier 1, 3}: a block with a single key is part of the path.
   */
  private static String values(String path, List<Object> values) {
    if (values.getFirst() instanceof Map<?, ?> first && first.size() == 1) {
      Object key = first.keySet().iterator().next();
      if (values.stream()
          .allMatch(value -> value instanceof Map<?, ?> map && map.keySet().equals(Set.of(key)))) {
        return values(
            path + "." + key,
            values.stream()
                .<Object>map(value -> String.valueOf(((Map<?, ?>) value).get(key)))
                .toList());
      }
    }
    return path
        + " "
        + values.stream()
            .map(value -> value instanceof Map<?, ?> ? Json.line(value) : value.toString())
            .collect(Collectors.joining(", "));
  }
}
