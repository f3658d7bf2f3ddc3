package dev.filigree.sparsity.algorithm;

import dev.filigree.mask.InitialMasks;
import dev.filigree.schedule.EverySteps;
import dev.filigree.schedule.Polynomial;
import dev.filigree.schedule.Schedule;
import dev.filigree.schedule.Schedules;
import dev.filigree.schedule.UpdateSchedules;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the paper of an algorithm chose, for a run of any length. Masks are updated every 100 steps
 * (Evci et al. 2020; Zhu and Gupta 2017), in runs of less than 2,400 steps at every 24th of the
 * run. Where a paper counts in epochs, these are steps.
 *
 * <ul>
 *   <li>{@code static}: none.
 *   <li>{@code gmp}: the cubic rise of Zhu and Gupta 2017 from dense, between the first and the
 *       last quarter of the run, which Jin et al. 2025 (arXiv:2501.12486) found best for language
 *       models.
 *   <li>{@code set}, Mocanu et al. 2018: ζ = 0.3 of the weights at every update, to the end.
 *   <li>{@code rigl}, Evci et al. 2020: α = 0.3, falling along a cosine to zero at three quarters
 *       of the run, where updates end.
 *   <li>{@code srigl}, Lasby et al. 2024: as {@code rigl}, with γ_sal = 0.3.
 *   <li>{@code granet}, Liu et al. 2021: the cubic rise from half sparse (half the sparsity, where
 *       that is less), 0.5 falling along a cosine, both done at three quarters.
 *   <li>{@code snfs}, Dettmers and Zettlemoyer 2019: p = 0.5, falling along a cosine to 0.005, to
 *       the end.
 *   <li>{@code dsr}, Mostafa and Wang 2019: about a tenth of the weights moves, to the end. The
 *       tenth is chosen here: the paper gives a number of weights for each of its networks.
 *   <li>{@code mest}, Yuan et al. 2021: 0.2 falling along a cosine to zero at three quarters, where
 *       updates end. The authors' program halves 0.2 at 9/16 of the run and ends it at three
 *       quarters.
 *   <li>{@code smet}, arXiv:2606.00888: 0.2, falling along a cosine to 0.005, to the end; the
 *       numbers are those of the authors' program.
 *   <li>{@code chts}, Zhang et al. 2025: 0.1, falling along a cosine to zero at the end, where
 *       updates stop and its temperature is reached; the first mask is random here.
 *   <li>{@code magnitude_ste}, Lee et al. 2023, and {@code sr_ste}, Zhou et al. 2021: the largest
 *       weights from the first step on, chosen after every one.
 *   <li>{@code top_k}, Gao et al. 2025: the same, while the density falls from all weights in a
 *       straight line over the first half of the run.
 * </ul>
 *
 * <p>How sparsity is spread over layers is not part of it: {@code Distribution.er()} for SET's
 * paper, {@code erk()} for RigL's best results.
 *
 * @param algorithm the registered name
 * @param sparsity by step
 * @param dropFraction by step; null where nothing is dropped and grown
 * @param update when; null for never
 * @param initMethod the name of the first mask, of {@link InitialMasks}; null for the usual one
 */
public record Recipe(
    String algorithm,
    Schedule sparsity,
    @Nullable Schedule dropFraction,
    @Nullable EverySteps update,
    @Nullable String initMethod) {
  /** The algorithms that have one. */
  public static final List<String> NAMES =
      List.of(
          "static",
          "gmp",
          "set",
          "rigl",
          "srigl",
          "granet",
          "snfs",
          "dsr",
          "mest",
          "smet",
          "chts",
          "magnitude_ste",
          "sr_ste",
          "top_k");

  private static final long FREQUENCY = 100;
  private static final long UPDATES_OF_A_SHORT_RUN = 24;

  private Recipe(
      String algorithm,
      Schedule sparsity,
      @Nullable Schedule dropFraction,
      @Nullable EverySteps update) {
    this(algorithm, sparsity, dropFraction, update, null);
  }

  /**
   * The recipe of an algorithm.
   *
   * @param algorithm one of {@link #NAMES}
   * @param steps of the whole run, at least 1
   * @param sparsity at its end, a fraction in (0, 1)
   * @throws IllegalArgumentException for anything else
   */
  public static Recipe of(String algorithm, long steps, double sparsity) {
    if (steps < 1) {
      throw new IllegalArgumentException("a run has at least one step, found " + steps);
    }
    if (!(sparsity > 0 && sparsity < 1)) {
      throw new IllegalArgumentException("sparsity must lie in (0, 1), found " + sparsity);
    }
    long every = Math.clamp(steps / UPDATES_OF_A_SHORT_RUN, 1, FREQUENCY);
    long last = Math.max(1, steps * 3 / 4 / every) * every; // the last update
    long first = Math.min(last - every, steps / 4 / every * every); // of gmp
    EverySteps always = UpdateSchedules.always();
    Schedule constant = Schedules.constant(sparsity);
    EverySteps update = UpdateSchedules.every(every).until(last + 1);
    EverySteps toTheEnd = UpdateSchedules.every(every).until(Math.max(steps, last + 1));
    return switch (algorithm) {
      case "static" -> new Recipe(algorithm, constant, null, null);
      case "gmp" ->
          new Recipe(
              algorithm,
              Schedules.cubic(0, sparsity, first, last, every),
              null,
              update.from(first));
      case "set" -> new Recipe(algorithm, constant, Schedules.constant(0.3), toTheEnd);
      case "rigl", "srigl" ->
          new Recipe(algorithm, constant, Schedules.cosine(0.3, (double) last), update);
      case "granet" ->
          new Recipe(
              algorithm,
              Schedules.cubic(sparsity > 0.5 ? 0.5 : sparsity / 2, sparsity, 0, last, every),
              Schedules.cosine(0.5, (double) last),
              update);
      case "snfs" ->
          new Recipe(algorithm, constant, Schedules.cosine(0.5, (double) steps, 0.005), toTheEnd);
      case "dsr" -> new Recipe(algorithm, constant, Schedules.constant(0.1), toTheEnd);
      case "mest" -> new Recipe(algorithm, constant, Schedules.cosine(0.2, (double) last), update);
      case "smet" ->
          new Recipe(algorithm, constant, Schedules.cosine(0.2, (double) steps, 0.005), toTheEnd);
      case "chts" ->
          new Recipe(algorithm, constant, Schedules.cosine(0.1, (double) steps), toTheEnd);
      case "magnitude_ste", "sr_ste" -> new Recipe(algorithm, constant, null, always, "topk");
      case "top_k" ->
          new Recipe(
              algorithm,
              new Polynomial(sparsity, 0, Math.max(1, steps / 2), 1),
              null,
              always,
              "topk");
      default ->
          throw new IllegalArgumentException(
              "no recipe for '" + algorithm + "'; there are " + String.join(", ", NAMES));
    };
  }

  /** Applies the recipe to a builder. */
  public <A extends SparsityAlgorithm> AlgorithmBuilder<A> applyTo(AlgorithmBuilder<A> builder) {
    builder.sparsity(sparsity);
    if (dropFraction != null) {
      builder.dropFraction(dropFraction);
    }
    if (update != null) {
      builder.update(update);
    }
    if (initMethod != null) {
      builder.initialMask(InitialMasks.named(initMethod));
    }
    return builder;
  }

  /**
   * The recipe as a {@code sparsity:} block, which {@link dev.filigree.sparsity.SparsityConfig#of}
   * reads.
   */
  public Map<String, Object> toConfig() {
    var block = new LinkedHashMap<String, Object>();
    block.put("algorithm", algorithm);
    block.put("sparsity", sparsity.toConfig().orElseThrow());
    if (dropFraction != null) {
      block.put("drop_fraction", dropFraction.toConfig().orElseThrow());
    }
    if (update != null) {
      block.put("update", update.toConfig().orElseThrow());
    }
    if (initMethod != null) {
      block.put("init_method", initMethod);
    }
    return block;
  }
}
