package dev.filigree.optim;

import dev.filigree.config.Records;
import java.util.Collection;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** The hyper-parameters of an optimizer. Immutable: setting one gives new options. */
public interface OptimizerOptions {
  /** The learning rate. */
  double lr();

  /** The weight decay, zero for an optimizer without. */
  double weightDecay();

  /** A group of parameters trained with these options instead of the optimizer's. */
  default ParameterGroup group(Collection<Tensor> parameters) {
    return new ParameterGroup(parameters, lr(), weightDecay(), this);
  }

  /**
   * Options as a record with the components lr and weightDecay.
   *
   * @param <O> the record
   */
  interface Of<O extends Record & Of<O>> extends OptimizerOptions {
    /** The same options with another learning rate. */
    default O lr(double value) {
      return with("lr", value);
    }

    /** The same options with another weight decay. */
    default O weightDecay(double value) {
      return with("weightDecay", value);
    }

    /**
     * The same options with another value of one component.
     *
     * @throws IllegalArgumentException for an unknown component, or a value that is not allowed
     */
    default O with(String component, Object value) {
      return with(Map.of(component, value));
    }

    /**
     * The same options with other values of some components, which are checked together.
     *
     * @param changes values by the names of their components
     * @throws IllegalArgumentException for an unknown component, or a value that is not allowed
     */
    default O with(Map<String, ?> changes) {
      @SuppressWarnings("unchecked") // what O stands for
      O options = (O) this;
      return Records.with(options, changes);
    }
  }

  /**
   * Options of the Adam family, with the components beta1, beta2 and eps beside those.
   *
   * @param <O> the record
   */
  interface OfAdam<O extends Record & OfAdam<O>> extends Of<O> {
    /** The same options with other decay rates of the means of the gradients and their squares. */
    default O betas(double first, double second) {
      return with(Map.of("beta1", first, "beta2", second));
    }

    /** The same options with another number added to the denominator. */
    default O eps(double value) {
      return with("eps", value);
    }
  }
}
