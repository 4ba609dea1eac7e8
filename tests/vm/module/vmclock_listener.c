// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module that takes the interrupt of the VMClock device for itself, so that the
 * driver cannot listen to it.
 */
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_irq.h>

static int irq;

static irqreturn_t heard(int number, void *data)
{
	return IRQ_HANDLED;
}

static int __init vmclock_listener_init(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "amazon,vmclock");

	if (!node)
		return -ENODEV;
	irq = irq_of_parse_and_map(node, 0);
	of_node_put(node);
	/* Not shared. */
	return irq ? request_irq(irq, heard, 0, "vmclock_listener", NULL) : -ENXIO;
}
module_init(vmclock_listener_init);

static void __exit vmclock_listener_exit(void)
{
	free_irq(irq, NULL);
}
module_exit(vmclock_listener_exit);

MODULE_DESCRIPTION("Takes the interrupt of a VMClock device, for the VMClock laboratory");
MODULE_LICENSE("GPL");
