package dev.filigree.optim;

import java.util.Collection;
import org.bytedeco.pytorch.Tensor;

/** The hyper-parameters of an optimizer. Immutable: setting one gives new options. */
public interface OptimizerOptions {
  /** The learning rate. */
  double lr();

  /** The weight decay, zero for an optimizer without. */
  double weightDecay();

  /** A group of parameters trained with these options, whatever those of the optimizer are. */
  default ParameterGroup group(Collection<Tensor> parameters) {
    return new ParameterGroup(parameters, lr(), weightDecay(), this);
  }
}
